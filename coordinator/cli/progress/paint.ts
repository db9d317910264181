/** Colour, or none. What is painted is measured before. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

const plain = (text: string): string => text;
const ansi =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`;

export const NO_PAINT: Paint = { bold: plain, dim: plain, green: plain, yellow: plain };
export const COLOURS: Paint = { bold: ansi(1, 22), dim: ansi(2, 22), green: ansi(32, 39), yellow: ansi(33, 39) };

/** Colours on terminals, unless NO_COLOR (https://no-color.org: set and not empty) or a dumb terminal says otherwise. */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? COLOURS : NO_PAINT;
}
