import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { curvesWithOneOutstanding, learningCurves } from '../../../../coordinator/report/figures/learning-curves.js';
import { renderSvg } from '../../../../coordinator/report/figures/render.js';
import { scoresByParameter } from '../../../../coordinator/report/figures/scores.js';
import { renderPng } from '../../../../coordinator/cli/png.js';

interface Element {
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Element>;
  textContent: string;
}

type Place = [x: number, y: number];

/** A figure's SVG as its reader sees it: pixels back to the values that its own axes say. */
class Drawn {
  private readonly root: Element;

  constructor(readonly svg: string) {
    this.root = parseHTML(svg).document;
  }

  all(selector: string): Element[] {
    return [...this.root.querySelectorAll(selector)];
  }

  texts(): string[] {
    return this.all('text').map(({ textContent }) => textContent);
  }

  /** Of the lines drawn in a colour: their points in pixels. */
  lines(colour: string): Place[][] {
    return this.all('[aria-label="line"]')
      .filter((group) => group.getAttribute('stroke') === colour)
      .flatMap((group) => [...group.querySelectorAll('path')])
      .map((path) => Array.from((path.getAttribute('d') ?? '').matchAll(/[ML]?(-?[\d.]+),(-?[\d.]+)/g), toPlace));
  }

  dots(): Place[] {
    return this.all('[aria-label="dot"] circle').map((dot) => [
      Number(dot.getAttribute('cx')),
      Number(dot.getAttribute('cy')),
    ]);
  }

  /** What a pixel says on an axis, by the first and the last of its ticks. */
  scale(axis: 'x' | 'y', read: (text: string) => number = Number): (pixel: number) => number {
    const ticks = this.all(`[aria-label="${axis}-axis tick label"] text`).map((text): [number, number] => {
      const [x = 0, y = 0] = Array.from((text.getAttribute('transform') ?? '').matchAll(/-?[\d.]+/g), ([number]) =>
        Number(number),
      );
      return [axis === 'x' ? x : y, read(text.textContent)];
    });
    const [from, value] = ticks[0]!;
    const [to, last] = ticks.at(-1)!;
    return (pixel) => value + ((pixel - from) / (to - from)) * (last - value);
  }
}

function toPlace([, x, y]: RegExpMatchArray): Place {
  return [Number(x), Number(y)];
}

const near = (values: readonly number[], digits: number): unknown[] =>
  values.map((value) => expect.closeTo(value, digits) as unknown);

describe('learning curves', () => {
  const training = [2.1, 1.7, 1.2, 0.9];
  const validation = [2.2, 1.9, 1.8, 1.75];
  const curve = (label: string, values: readonly number[]) => ({
    label,
    points: values.map((value, index) => ({ epoch: index + 1, value })),
  });
  const figure = learningCurves({
    description: 'loss',
    axis: 'loss',
    curves: [curve('training', training), curve('validation', validation)],
  });

  it('hold every value at its epoch', () => {
    const drawn = new Drawn(renderSvg(figure));
    const [x, y] = [drawn.scale('x'), drawn.scale('y')];
    for (const [index, values] of [training, validation].entries()) {
      const [line] = drawn.lines(figure.legend![index]!.colour);
      expect(line!.map(([left]) => x(left))).toEqual(near([1, 2, 3, 4], 1));
      expect(line!.map(([, top]) => y(top))).toEqual(near(values, 1));
    }
    expect(drawn.dots()).toHaveLength(8);
  });

  it('name their axes and what is drawn', () => {
    const texts = new Drawn(renderSvg(figure)).texts().join('|');
    for (const word of ['training', 'validation', 'epoch', 'loss']) expect(texts).toContain(word);
  });

  it('show shares in percent', () => {
    const accuracy = learningCurves({
      description: 'a',
      axis: 'accuracy',
      percent: true,
      curves: [curve('a', [0.4, 0.5])],
    });
    const drawn = new Drawn(renderSvg(accuracy));
    const y = drawn.scale('y');
    expect(drawn.lines(accuracy.legend![0]!.colour)[0]!.map(([, top]) => y(top))).toEqual(near([40, 50], 0));
  });

  it('have a gap where a value is not finite, and bear no epoch at all', () => {
    const gaps = learningCurves({ description: 'g', axis: 'loss', curves: [curve('a', [1, NaN, 3, 2, Infinity])] });
    const svg = renderSvg(gaps);
    expect(svg).not.toMatch(/NaN|Infinity/);
    const drawn = new Drawn(svg);
    expect(drawn.dots()).toHaveLength(3);
    expect(drawn.all('[aria-label="line"] path')[0]!.getAttribute('d')!.match(/M/g)).toHaveLength(2);
    expect(renderSvg(learningCurves({ description: 'n', axis: 'loss', curves: [curve('a', [])] }))).toContain('<svg');
  });

  it('mark no single value of many epochs', () => {
    const many = curve(
      'a',
      Array.from({ length: 48 }, (_, index) => 2 - index / 48),
    );
    const drawn = new Drawn(renderSvg(learningCurves({ description: 'm', axis: 'loss', curves: [many] })));
    expect(drawn.dots()).toEqual([]);
    expect(drawn.all('[aria-label="x-axis tick label"] text').map(({ textContent }) => textContent)).toEqual([
      '1',
      '10',
      '20',
      '30',
      '40',
    ]);
  });

  it('can have one that stands out of the others', () => {
    const curves = [curve('trial 1', [1, 2]), curve('trial 2', [2, 3]), curve('trial 3', [3, 4])];
    const svg = renderSvg(
      curvesWithOneOutstanding({ description: 'o', axis: 'loss', curves, outstanding: curves[1]! }),
    );
    const drawn = new Drawn(svg);
    expect(drawn.texts()).toEqual(expect.arrayContaining(['trial 2', 'the others']));
    expect(drawn.texts()).not.toContain('trial 1');
    expect(drawn.all('[aria-label="line"] path')).toHaveLength(3);
  });
});

describe('scores by a parameter', () => {
  const values = [1e-5, 3e-4, 0.02];
  const scores = [0.41, 0.52, 0.47];
  const trials = values.map((value, index) => ({ value, score: scores[index]!, best: index === 1 }));
  const figure = scoresByParameter({
    description: 'scores',
    parameter: 'lambda',
    logarithmic: true,
    axis: 'val_accuracy',
    percent: true,
    rounds: [{ name: 'coarse', interval: { min: 1e-5, max: 0.1 }, trials }],
  });

  it('stand at their values on a logarithmic axis', () => {
    const drawn = new Drawn(renderSvg(figure));
    const x = drawn.scale('x', (text) => Math.log10(Number(text)));
    const y = drawn.scale('y');
    expect(drawn.dots().map(([left]) => x(left))).toEqual(near(values.map(Math.log10), 1));
    expect(drawn.dots().map(([, top]) => y(top))).toEqual(near([41, 52, 47], 0));
  });

  it('have the interval shaded and the best in another colour', () => {
    const drawn = new Drawn(renderSvg(figure));
    const x = drawn.scale('x', (text) => Math.log10(Number(text)));
    const [shade] = drawn.all('[aria-label="rect"] rect');
    const left = Number(shade!.getAttribute('x'));
    expect([x(left), x(left + Number(shade!.getAttribute('width')))]).toEqual(near([-5, -1], 1));
    const colours = drawn.all('[aria-label="dot"] circle').map((dot) => dot.getAttribute('fill'));
    expect(colours[0]).toBe(colours[2]);
    expect(colours[1]).not.toBe(colours[0]);
  });

  it('have a panel for each of many rounds, a parameter of any sign, and ticks in a narrow interval', () => {
    const rounds = Array.from({ length: 5 }, (_, index) => ({
      name: `round ${index}`,
      trials: [{ value: index - 2, score: index, best: false }],
    }));
    const common = { description: 's', parameter: 'x', axis: 'val_loss', percent: false };
    const several = new Drawn(renderSvg(scoresByParameter({ ...common, logarithmic: true, rounds })));
    expect(several.texts()).toEqual(expect.arrayContaining(rounds.map(({ name }) => name)));
    expect(several.dots()).toHaveLength(5);
    const narrow = [{ name: 'fine', trials: [2e-4, 3e-4].map((value) => ({ value, score: 1, best: false })) }];
    const shown = new Drawn(renderSvg(scoresByParameter({ ...common, logarithmic: true, rounds: narrow })));
    expect(shown.texts()).toEqual(expect.arrayContaining(['2e-4', '3e-4']));
  });
});

describe('a drawn figure', () => {
  const figure = learningCurves({
    description: 'a "quoted" <figure> & more',
    axis: 'loss',
    curves: [
      { label: '<b>&</b>', points: [1, 2, 3, 4].map((epoch) => ({ epoch, value: epoch / 7 + epoch ** 2 / 3 })) },
    ],
  });

  it('is the same text each time, in whole hundredths of a pixel', () => {
    const svg = renderSvg(figure);
    expect(renderSvg(figure)).toBe(svg);
    expect(svg).not.toMatch(/\d\.\d{3,}/);
  });

  it('is well-formed and says what it shows', () => {
    const svg = renderSvg(figure);
    expect(svg).toContain('aria-label="a &quot;quoted&quot; &lt;figure&gt; &amp; more"');
    expect(svg).toContain('&lt;b&gt;&amp;&lt;/b&gt;');
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).not.toContain('<style');
  });

  it('is a PNG twice its size, with words in it', () => {
    const png = Buffer.from(renderPng(renderSvg(figure)));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(920);
    // Without its font no word is drawn, and the file is smaller.
    const wordless = Buffer.from(renderPng(renderSvg(figure).replaceAll(/<text[^]*?<\/text>/g, '')));
    expect(png.length).toBeGreaterThan(wordless.length * 1.5);
  });
});
