import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';

const require = createRequire(import.meta.url);

/** Pixels a unit of the SVG: sharp in print at the size that a page has room for. */
const SCALE = 2;

/**
 * Draws an SVG of coordinator/report/figures as PNG. The library reads its font from a file, so this is no part of the
 * report, which touches none.
 *
 * @returns the file's bytes, the same for the same SVG
 */
export function renderPng(svg: string): Uint8Array {
  const font = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
  const resvg = new Resvg(svg, {
    // A machine's own fonts would make its pictures others than ours.
    font: {
      loadSystemFonts: false,
      fontFiles: [font],
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
    fitTo: { mode: 'zoom', value: SCALE },
    background: '#ffffff',
  });
  return resvg.render().asPng();
}
