import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFigures } from '../../coordinator/report/document/document.js';
import { latex } from '../../coordinator/report/document/latex.js';
import { renderPng } from '../../coordinator/cli/png.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';
import { DOCUMENT, NASTY_TEXTS } from '../unit/report/document/fixture.js';

const CHROMIUM = process.env['VERNIER_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const PDFLATEX = process.env['VERNIER_TEST_PDFLATEX'] ?? '/usr/bin/pdflatex';

const run = promisify(execFile);
const sandbox = new Sandbox();
let folder: string;

beforeAll(async () => {
  await sandbox.json(['run', sandbox.file('search.yaml', searchFile()), '--store', 'store.db']);
  folder = sandbox.path('report');
  const { code, stderr } = await sandbox.run(['report', '--store', 'store.db', '--output', 'report']);
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => sandbox.remove());

describe('vernier report', () => {
  it('writes every document and figure', () => {
    const figures = [1, 2, 3, 4, 5, 6].flatMap((number) => [`figure-${number}.png`, `figure-${number}.svg`]);
    expect(readdirSync(folder).sort()).toEqual(
      ['.vernier-report.json', 'report.html', 'report.md', 'report.tex', ...figures].sort(),
    );
    const markdown = readFileSync(join(folder, 'report.md'), 'utf8');
    for (const [, file = ''] of markdown.matchAll(/\]\((.*?)\)/g))
      expect(existsSync(join(folder, file)), file).toBe(true);
    const tex = readFileSync(join(folder, 'report.tex'), 'utf8');
    for (const [, file = ''] of tex.matchAll(/includegraphics\[[^\]]*\]\{(.*?)\}/g)) {
      expect(existsSync(join(folder, file)), file).toBe(true);
    }
  });

  it('writes the formats that are asked for, and what they show', async () => {
    const { stdout } = await sandbox.run([
      'report',
      'latest',
      '--store',
      'store.db',
      '--output',
      'some',
      '--format',
      'md,html',
      '--json',
    ]);
    const { files } = JSON.parse(stdout) as { files: string[] };
    expect(files.filter((file) => file.startsWith('report'))).toEqual(['report.md', 'report.html']);
    expect(files.filter((file) => file.endsWith('.png'))).toEqual([]);
    expect(files).toContain('figure-1.svg');
    const wrong = await sandbox.run(['report', '--store', 'store.db', '--output', 'other', '--format', 'pdf']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Formats are md, html, tex, svg, png, not "pdf".');
  });

  it('gives the same bytes again, and replaces its own', async () => {
    const before = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    expect((await sandbox.run(['report', '--store', 'store.db', '--output', 'report'])).code).toBe(0);
    expect(readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))).toEqual(before);
  });

  it('writes over nobody’s files', async () => {
    mkdirSync(sandbox.path('mine'));
    writeFileSync(sandbox.path('mine/report.md'), 'mine');
    const refused = await sandbox.run(['report', '--store', 'store.db', '--output', 'mine']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('[FILE_UNWRITABLE]');
    expect(readFileSync(sandbox.path('mine/report.md'), 'utf8')).toBe('mine');
  });
});

/** What a browser of a phone's width makes of a page. */
async function opened(page: string): Promise<{ dom: string; console: string[]; requests: string[] }> {
  const log = `${page}.net.json`;
  const { stdout, stderr } = await run(
    CHROMIUM,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--enable-logging=stderr',
      `--user-data-dir=${sandbox.path('chromium')}`,
      `--log-net-log=${log}`,
      '--window-size=400,900',
      '--dump-dom',
      `file://${page}`,
    ],
    { maxBuffer: 1 << 26 },
  );
  // The browser asks its maker about updates and the like; those requests are of no origin. A page's come from its own.
  const initiators = readFileSync(log, 'utf8').match(/"initiator":"[^"]*"/g) ?? [];
  return {
    dom: stdout,
    console: stderr.split('\n').filter((line) => line.includes(':CONSOLE')),
    requests: initiators.filter((initiator) => !initiator.includes('not an origin')),
  };
}

describe.skipIf(!existsSync(CHROMIUM))('in a browser, the HTML report (skipped without Chromium)', () => {
  it('has no script, error or request', { timeout: 120_000 }, async () => {
    const { dom, console, requests } = await opened(join(folder, 'report.html'));
    expect(dom).toContain('<h1>Search e2e</h1>');
    expect(dom.match(/<svg /g)).toHaveLength(6);
    expect(dom).not.toMatch(/<script/i);
    expect(console).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('would be told from one that has', { timeout: 120_000 }, async () => {
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    const image = '<main><img src="http://127.0.0.1:9/x.png">';
    const kept = sandbox.file('kept.html', html.replace('<main>', image));
    // The policy forbids it, and says so.
    const held = await opened(kept);
    expect(held.console.join()).toContain('Content Security Policy');
    expect(held.requests).toEqual([]);
    const open = sandbox.file('open.html', html.replace(/<meta http-equiv[^>]*>/, '').replace('<main>', image));
    expect((await opened(open)).requests).not.toEqual([]);
  });
});

describe('with pdflatex, the LaTeX report', () => {
  const compile = async (tex: string): Promise<string> => {
    const place = { cwd: folder, maxBuffer: 1 << 26 };
    const { stdout } = await run(PDFLATEX, ['-interaction=nonstopmode', '-halt-on-error', tex], place);
    return stdout;
  };

  it.skipIf(!existsSync(PDFLATEX))('compiles (skipped without pdflatex)', { timeout: 120_000 }, async () => {
    expect(await compile('report.tex')).toMatch(/Output written on report\.pdf/);
  });

  it.skipIf(!existsSync(PDFLATEX))(
    'compiles whatever its texts hold (skipped without pdflatex)',
    { timeout: 120_000 },
    async () => {
      for (const { number, svg } of drawFigures(DOCUMENT))
        writeFileSync(join(folder, `figure-${number}.png`), renderPng(svg));
      const nasty = NASTY_TEXTS.flatMap((text) => [
        { kind: 'paragraph', text: [text, { code: text }, { strong: text }] } as const,
        { kind: 'code', text } as const,
        { kind: 'heading', level: 3, text } as const,
        {
          kind: 'table',
          label: text,
          caption: text,
          columns: [{ head: text, align: 'left' }],
          rows: [[text]],
        } as const,
      ]);
      writeFileSync(
        join(folder, 'nasty.tex'),
        latex({ title: DOCUMENT.title, blocks: [...DOCUMENT.blocks, ...nasty] }),
      );
      expect(await compile('nasty.tex')).toMatch(/Output written on nasty\.pdf/);
    },
  );
});
