import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRound } from '../../../coordinator/search/open-round.js';
import { RULES } from '../../../coordinator/spec/rules.js';
import { parseSearchFile } from '../../../coordinator/spec/search-file.js';
import { canonicalJson, type Json } from '../../../proto/canonical.js';
import { VernierError } from '../../../proto/errors.js';
import { isDivided } from '../../../proto/trainers/index.js';
import { dividedTrainerOf, parseTrialConfig, trainerOf } from '../../../worker/trainers/index.js';
import { MINE, SOUND } from './support.js';

const FOLDERS = [join(import.meta.dirname, 'golden'), join(import.meta.dirname, '../../../configs')];
const samples = [
  SOUND,
  ...FOLDERS.flatMap((folder) =>
    readdirSync(folder, { encoding: 'utf8', recursive: true })
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => readFileSync(join(folder, file), 'utf8')),
  ),
];

/** Either a search whose first trials the trainer takes, or problems that each have a place inside the file. */
function check(text: string): void {
  let file: ReturnType<typeof parseSearchFile>;
  try {
    file = parseSearchFile(text, { fileName: 'fuzz.yaml', datasets: [MINE] });
  } catch (error) {
    if (!(error instanceof VernierError) || error.code !== 'SPEC_INVALID') throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = text.replace(/^\uFEFF/, '').split('\n');
    let last = { line: 1, column: 1 };
    for (const { rule, message, line = 0, column = 0 } of error.problems) {
      expect(Object.keys(RULES)).toContain(rule);
      expect(message).toMatch(/^[^\n]+$/);
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines.length);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
      expect(line * 1e7 + column).toBeGreaterThanOrEqual(last.line * 1e7 + last.column);
      last = { line, column };
    }
    return;
  }
  expect(() => canonicalJson(file.spec as unknown as Json)).not.toThrow();
  expect(file.datasets.length).toBeGreaterThan(0);
  const opened = openRound(file.spec, []);
  if ('impossible' in opened) throw new Error(opened.impossible);
  for (const { config } of opened.trials.slice(0, 3)) {
    const settings = parseTrialConfig(JSON.stringify(config));
    const info = file.datasets.find(({ name }) => name === settings.dataset.name)!;
    // The worker's own checks: a trial that they refuse is a mistake that was not told.
    if (isDivided(settings)) dividedTrainerOf(settings).needs(settings, info);
    else trainerOf(settings).needs(settings, info);
  }
}

const WORDS = `
  name seed metric goal trial kind dataset train validation hidden batch_size lambda learning_rate
  schedule triangular constant triangular2 exp_range gamma cosine warmup restarts period multiply step factor every
  one_cycle div_factor final_div_factor pct_start anneal linear range_test growth exponential step_size steps epochs cycles evaluate test parameters distribution
  uniform log_uniform_values int_uniform q_uniform categorical values min max q value probabilities
  rounds method random grid trials narrow between around best margin widen carry repeats seeds
  gradient-check samples count choice first central_max_relative_error entries
  two-layer mnist val_accuracy __proto__ constructor <<
`
  .trim()
  .split(/\s+/);
const SIGNS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ': ',
  '- ',
  '? ',
  '\n',
  '\n  ',
  ' ',
  '\t',
  '"',
  "'",
  '|',
  '>',
  '&a ',
  '*a',
  '!',
  '!!str ',
  '#',
];
const VALUES = [
  '0',
  '-1',
  '1e-4',
  '1.0e-1',
  '0.0',
  '010',
  '.inf',
  '.nan',
  '1e400',
  '"1e-4"',
  'yes',
  'null',
  '~',
  'true',
  '%YAML 1.1\n---\n',
  '---\n',
  '\u0000',
  '\uFEFF',
  '😀',
  '9007199254740993',
];
const piece = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.constantFrom(...SIGNS),
  fc.constantFrom(...VALUES),
  fc.string({ maxLength: 4 }),
);

describe('any text', () => {
  it('is a search or a list of mistakes: characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => check(text)),
      { numRuns: 200 },
    );
  });

  it('is a search or a list of mistakes: pieces of YAML and of search files', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => check(pieces.join(''))),
      { numRuns: 500 },
    );
  });

  it('is a search or a list of mistakes: real files with pieces cut, doubled, swapped and put in', () => {
    const edit = fc.record({
      at: fc.nat(),
      length: fc.nat({ max: 30 }),
      by: fc.option(piece, { nil: '' }),
      line: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 6 }), (sample, edits) => {
        let text = sample;
        for (const { at, length, by, line } of edits) {
          const parts = line ? text.split('\n') : text.split(/(?=[\s:,{}[\]])/);
          parts.splice(at % parts.length, length % (line ? 2 : 4), by);
          text = parts.join(line ? '\n' : '');
        }
        check(text);
      }),
      { numRuns: 800 },
    );
  });
});

describe('a real file with one character changed', () => {
  it('is a search or a list of mistakes', () => {
    const character = fc.oneof(
      fc.constantFrom(...SIGNS, ...Array.from('!&*?|>%@`~-0e.')),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    const change = fc.record({ at: fc.nat(), by: character, instead: fc.boolean() });
    fc.assert(
      fc.property(fc.constantFrom(...samples), change, (sample, { at, by, instead }) => {
        // Comments are most of some files.
        const text = sample.replaceAll(/^#.*\n/gm, '');
        const place = at % text.length;
        check(text.slice(0, place) + by + text.slice(place + Number(instead)));
      }),
      { numRuns: 800 },
    );
  });
});

describe('a file of any values', () => {
  it('is a search or a list of mistakes', () => {
    const scalar = fc.oneof(
      fc.constantFrom(...WORDS),
      fc.integer({ min: -2, max: 200 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        { arbitrary: scalar, weight: 3 },
        { arbitrary: fc.dictionary(fc.constantFrom(...WORDS), tie('value'), { maxKeys: 6 }), weight: 4 },
        { arbitrary: fc.array(tie('value'), { maxLength: 4 }), weight: 1 },
      ),
    }));
    // Parts of a sound file replaced by anything.
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 4 }), (changes) => {
        const file = structuredClone(soundTree());
        for (const [at, by] of changes) replaceNth(file, at, by);
        check(JSON.stringify(file));
      }),
      { numRuns: 600 },
    );
  });
});

type Tree = { [key: string]: unknown };

function soundTree(): Tree {
  return {
    name: 'sound',
    seed: 42,
    metric: { name: 'val_accuracy', goal: 'maximize' },
    trial: {
      kind: 'two-layer',
      dataset: { name: 'mnist', train: 50_000, validation: 10_000 },
      hidden: 50,
      batch_size: 100,
      cycles: 2,
      lambda: 0.1,
      test: true,
      evaluate: { train: 'final', val: 'epoch' },
      learning_rate: { schedule: 'triangular', min: 1e-5, max: 0.1, step_size: { epochs: 1 } },
    },
    parameters: {
      lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 0.1 },
      hidden: { values: [20, 50] },
      batch_size: { distribution: 'q_uniform', min: 10, max: 200, q: 10 },
    },
    rounds: [
      { name: 'coarse', method: 'random', trials: 8, trial: { cycles: 1 } },
      { name: 'fine', trials: 4, narrow: { around: { best: 3, margin: 0.1 }, widen: true }, carry: { best: 3 } },
      { name: 'final', carry: { best: 1 }, trial: { learning_rate: { step_size: { steps: 5 } } } },
    ],
    repeats: 2,
  };
}

/** Replaces one of the tree's values, all of them counted through. */
function replaceNth(tree: unknown, count: number, by: unknown): void {
  const places: (() => void)[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push(() => void ((node as Tree)[key] = by));
      visit((node as Tree)[key]);
    }
  };
  visit(tree);
  places[count % places.length]?.();
}
