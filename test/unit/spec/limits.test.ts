import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { changed, problemsOf, SOUND } from './support.js';

/** Far above what these take (well under 2 s), far below what a coordinator's leases would suffer from. */
const MOST_MS = 10_000;

function timed(text: string): ReturnType<typeof problemsOf> {
  const start = performance.now();
  const problems = problemsOf(text);
  expect(performance.now() - start).toBeLessThan(MOST_MS);
  return problems;
}

describe('limits', () => {
  it.each<[string, string]>([
    ['bytes', `${SOUND}# ${'x'.repeat(1024 * 1024)}`],
    ['words', `values: [${'1,'.repeat(200_000)}]`],
    ['syntax errors', ']'.repeat(1_000_000)],
    ['open brackets', '['.repeat(1_000_000)],
    ['open braces', '{a: '.repeat(200_000)],
    ['sequence marks', '- '.repeat(500_000)],
    ['key marks', '? '.repeat(500_000)],
    ['levels by indentation', Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:\n`).join('')],
    ['levels in a sound file', changed(['cycles: 2', `cycles: ${'['.repeat(65)}${']'.repeat(65)}`])],
  ])('too many %s are refused before the file is read', (_, text) => {
    expect(timed(text)).toMatchObject([{ rule: 'file-too-large' }]);
  });

  it('what is no text is told so, as a file in UTF-16 is', () => {
    const utf16 = Buffer.from(SOUND, 'utf16le').toString('utf8');
    expect(problemsOf(utf16)).toEqual([
      {
        rule: 'yaml-syntax',
        message: 'not YAML: the character U+0000 stands in no text',
        line: 1,
        column: 2,
        suggestion: 'save the file as UTF-8 text',
      },
    ]);
    expect(problemsOf(SOUND.replaceAll('\n', '\r\n'))).toEqual([]);
  });

  it('aliases that multiply are refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0 ? 'l0: &l0 [x, x]' : `l${level}: &l${level} [${`*l${level - 1}, `.repeat(9)}*l${level - 1}]`,
    );
    expect(timed(`${levels.join('\n')}\n`)).toMatchObject([{ rule: 'alias-expansion' }]);
  });

  it('an alias of what contains it is refused', () => {
    expect(timed(changed(['cycles: 2', 'cycles: &a [*a]']))).toMatchObject([
      { rule: 'wrong-type' },
      { rule: 'alias-expansion', message: expect.stringContaining('contains this alias') },
    ]);
  });

  it('many keys, categories and rounds are read in time', () => {
    const keys = Array.from({ length: 12_000 }, (_, index) => `k${index}: 1`).join('\n');
    const problems = timed(`${SOUND}${keys}\n`);
    expect(problems).toHaveLength(200);
    expect(problems.at(-1)?.message).toMatch(/and 11800 more mistakes/);

    const values = Array.from({ length: 20_000 }, (_, index) => index + 1).join(', ');
    expect(timed(changed(['parameters:', `parameters:\n  hidden: { values: [${values}] }`]))).toEqual([]);

    const settings = ['hidden', 'batch_size', 'learning_rate.min', 'learning_rate.max', 'cycles'];
    const parameters = settings.map(
      (name) => `  ${name}: { values: [${name.includes('rate') ? '0.1, 0.2' : '1, 2, 3'}] }\n`,
    );
    const round = '  - { name: rNUMBER, method: random, trials: 8, carry: { best: 2 } }\n';
    const rounds = Array.from({ length: 98 }, (_, index) => round.replace('NUMBER', String(index)));
    const many = changed(['parameters:\n', `parameters:\n${parameters.join('')}`]) + rounds.join('');
    expect(timed(many).map(({ message }) => message)).toEqual([
      expect.stringMatching(/learning_rate.min 0.2 exceeds learning_rate.max 0.1/),
    ]);
  });
});

describe('places', () => {
  it('point at the key or value at fault, also behind wide characters and in files with line ends of two', () => {
    const text = 'name: "ünïcödé 日本"\r\nsed: 42\r\nmetric: { name: "日本", goal: 3 }\r\n';
    expect(problemsOf(text).map(({ rule, line, column }) => [rule, line, column])).toEqual([
      ['missing-key', 1, 1],
      ['unknown-key', 2, 1],
      ['unknown-metric', 3, 17],
      ['wrong-type', 3, 29],
    ]);
  });

  it('lie in the file also where the mistake is its end', () => {
    expect(problemsOf('name: "x')).toMatchObject([{ line: 1, column: 9 }]);
    expect(problemsOf('a: {\n\n\n')).toMatchObject([{ line: 1 }]);
    expect(problemsOf('')).toMatchObject([{ rule: 'empty-file', line: 1, column: 1 }]);
  });
});
