import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { drawFigures, type ReportDocument, type Text } from '../../../../coordinator/report/document/document.js';
import { html } from '../../../../coordinator/report/document/html.js';
import { latex } from '../../../../coordinator/report/document/latex.js';
import { markdown } from '../../../../coordinator/report/document/markdown.js';
import { printable } from '../../../../coordinator/report/format.js';
import { DOCUMENT, NASTY_TEXTS } from './fixture.js';

const golden = (name: string): string => `./golden/${name}`;

describe('a document', () => {
  it('is written as Markdown', async () => {
    await expect(markdown(DOCUMENT)).toMatchFileSnapshot(golden('report.md.txt'));
  });

  it('is written as HTML', async () => {
    await expect(html(DOCUMENT, drawFigures(DOCUMENT))).toMatchFileSnapshot(golden('report.html.txt'));
  });

  it('is written as LaTeX', async () => {
    await expect(latex(DOCUMENT)).toMatchFileSnapshot(golden('report.tex.txt'));
  });

  it('gives the same bytes each time', () => {
    expect(drawFigures(DOCUMENT)).toEqual(drawFigures(DOCUMENT));
    expect(html(DOCUMENT, drawFigures(DOCUMENT))).toBe(html(DOCUMENT, drawFigures(DOCUMENT)));
  });

  it('has each figure number once', () => {
    const [figure] = DOCUMENT.blocks.filter(({ kind }) => kind === 'figure');
    expect(() => drawFigures({ title: 'x', blocks: [figure!, figure!] })).toThrow('two figures 4');
  });
});

describe('a table with more rows than a page has room for', () => {
  it('goes on in another table in LaTeX, and stays one elsewhere', () => {
    const rows = Array.from({ length: 100 }, (_, index) => [`row ${index + 1}`]);
    const document: ReportDocument = {
      title: 't',
      blocks: [{ kind: 'table', label: 'Table 1', caption: 'long', columns: [{ head: 'head', align: 'left' }], rows }],
    };
    const parts = latex(document).split('\\begin{tabular}').slice(1);
    expect(parts.map((part) => part.match(/row \d+/g)!.length)).toEqual([45, 45, 10]);
    expect(latex(document).match(/Table 1: long(?: \(continued\))?$/gm)).toEqual([
      'Table 1: long',
      'Table 1: long (continued)',
      'Table 1: long (continued)',
    ]);
    expect(markdown(document).match(/Table 1/g)).toHaveLength(1);
  });
});

/** A document that holds a text wherever one can stand. */
function holding(text: string): ReportDocument {
  const inline: Text = [text, { strong: text }, { code: text }];
  return {
    title: text,
    blocks: [
      { kind: 'heading', level: 2, text },
      { kind: 'paragraph', text },
      { kind: 'paragraph', text: inline },
      { kind: 'list', items: [text, inline] },
      { kind: 'code', text },
      { kind: 'table', label: text, caption: text, columns: [{ head: text, align: 'left' }], rows: [[text], [inline]] },
    ],
  };
}

describe('whatever a text holds', () => {
  it.each(NASTY_TEXTS)('HTML shows it as it is: %j', (text) => {
    const { document } = parseHTML(html(holding(text), []));
    const shown = printable(text);
    const texts = (selector: string): (string | null)[] =>
      [...document.querySelectorAll(selector)].map((element: { textContent: string | null }) => element.textContent);
    expect(texts('h1')).toEqual([shown]);
    expect(texts('h2')).toEqual([shown]);
    expect(texts('p')).toEqual([shown, shown.repeat(3)]);
    expect(texts('li')).toEqual([shown, shown.repeat(3)]);
    expect(texts('th')).toEqual([shown]);
    expect(texts('td')).toEqual([shown, shown.repeat(3)]);
    expect(texts('caption')).toEqual([`${shown}: ${shown}`]);
    expect(texts('title')).toEqual([shown]);
    expect(texts('pre')).toEqual([text.split('\n').map(printable).join('\n')]);
    // Nothing of it has become an element or an attribute.
    const names = new Set([...document.querySelectorAll('*')].map(({ tagName }: { tagName: string }) => tagName));
    for (const name of ['SCRIPT', 'IMG', 'HEADING', 'I']) expect(names).not.toContain(name);
    for (const element of document.querySelectorAll('*')) {
      expect([...element.attributes].filter(({ name }: { name: string }) => name.startsWith('on'))).toEqual([]);
    }
  });

  it.each(NASTY_TEXTS)('Markdown keeps its blocks and cells: %j', (text) => {
    const written = markdown(holding(text));
    const blocks = withoutFence(written).split('\n\n');
    // Title, heading, two paragraphs, a list, the fence's place, a caption and its table.
    expect(blocks).toHaveLength(8);
    expect(blocks[4]!.split('\n')).toHaveLength(2);
    const table = blocks[7]!.trimEnd().split('\n');
    expect(table).toHaveLength(4);
    for (const row of table) expect(row.replaceAll(/\\[\\|]/g, '').split('|')).toHaveLength(3);
    expect(written).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/); // oxlint-disable-line no-control-regex -- looked for
  });

  it.each(NASTY_TEXTS)('Markdown escapes what would be markup: %j', (text) => {
    const [line = ''] = markdown({ title: 't', blocks: [{ kind: 'paragraph', text }] })
      .split('\n')
      .slice(2);
    const bare = line.replaceAll(/\\[!-/:-@[-`{-~]/g, '');
    expect(bare).not.toMatch(/[`*_[\]<>|~$&]/);
    expect(line).not.toMatch(/^(?:\s|[#+=-]|\d+[.)](?:\s|$))/);
    // Unescaped again, it is what it was, but for spaces before it, which would make it code.
    const shown = line.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1');
    expect(shown.replaceAll('\\', '')).toBe(printable(text).trimStart().replaceAll('\\', ''));
  });

  it('Markdown keeps the signs that a heading ends in', () => {
    const [title, , heading] = markdown({ title: 'C #', blocks: [{ kind: 'heading', level: 2, text: 'a ##' }] }).split(
      '\n',
    );
    expect([title, heading]).toEqual([String.raw`# C \#`, String.raw`## a \##`]);
  });

  it.each(NASTY_TEXTS)('LaTeX has no command or character of it: %j', (text) => {
    const [, body = ''] = latex({ title: 't', blocks: [{ kind: 'paragraph', text }] }).split('\\maketitle\n\n');
    const [written = ''] = body.split('\n\n\\end{document}');
    const known =
      /\\(?:text[a-z]+|ensuremath\{\\?[a-z^_\-A-Z0-9]+\}|char34|ldots|S)(?:\{\})?|\\[{}$&#%_,]|-\{\}|\[U\+[0-9A-F]+\]/g;
    const rest = written.replaceAll(known, '');
    expect(rest).not.toMatch(/[\\{}$&#%_^~]/);
    expect(rest).toMatch(/^[ -~À-ÿ]*$/);
  });
});

/** A fence holds anything, blank lines too: it is taken out to count the blocks. */
function withoutFence(written: string): string {
  return written.replace(/^(`{3,})text\n[^]*?\n\1$/m, 'FENCE');
}
