import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { previewCommand } from '../../../coordinator/cli/preview.js';
import { formatProblems } from '../../../coordinator/cli/problems.js';
import { validateCommand } from '../../../coordinator/cli/validate.js';
import { openRound } from '../../../coordinator/search/open-round.js';
import { runCommand, type Told } from '../../support/command.js';
import { tempFolder } from '../../support/temp-folder.js';
import { changed, MINE, parse, problemsOf, SOUND } from './support.js';

const folder = tempFolder();

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const sound = written('sound.yaml', SOUND);
const wrong = written('wrong.yaml', changed(['seed: 42\n', ''], ['mnist', 'mnits'], ['best: 3', 'best: 9']));
const localDatasets = () => Promise.resolve([MINE]);

const validate = (...args: string[]): Promise<Told> =>
  runCommand(validateCommand, ['validate', ...args], {}, { localDatasets });
const preview = (...args: string[]): Promise<Told> =>
  runCommand(previewCommand, ['preview', ...args], {}, { localDatasets });

const longest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('vernier validate', () => {
  it('says in a line what a sound file will do', async () => {
    const { stdout, stderr, error } = await validate(sound);
    expect([error, stderr]).toEqual([undefined, '']);
    // The rest of the line may be broken: the temporary folder's name is as long as it is.
    expect(stdout.replaceAll(/\s+/g, ' ')).toBe(`${sound}: no mistakes; 2 rounds, 19 trials on mnist `);
  });

  it('tells every mistake on stdout, at its place, and ends with exit code 2', async () => {
    const { stdout, error } = await validate(wrong);
    expect(error).toMatchObject({
      code: 'SPEC_INVALID',
      exitCode: 2,
      message: 'wrong.yaml has 3 mistakes',
      problems: [],
    });
    const places = [...stdout.matchAll(/wrong\.yaml:(\d+):(\d+):/g)].map(([, line, column]) => `${line}:${column}`);
    expect(places).toEqual(['1:1', '5:20', '12:95']);
    expect(stdout).toContain('-> did you mean mnist?');
  });

  it('takes a seed instead of the file, and data sets of the user', async () => {
    const file = written(
      'mine.yaml',
      changed(['seed: 42\n', ''], ['mnist, train: 50000, validation: 10000', 'mine, train: 100, validation: 20']),
    );
    expect((await validate(file)).error).toMatchObject({ code: 'SPEC_INVALID' });
    const { stdout, error } = await validate(file, '--seed', '7');
    expect(error).toBeUndefined();
    expect(stdout).toContain('on mine');
  });

  it('goes on to the next file, and names those it cannot read', async () => {
    const missing = join(folder, 'missing.yaml');
    const { stdout, error } = await validate(wrong, missing, sound);
    expect(error).toMatchObject({ exitCode: 2, message: '2 of 3 files cannot be used as they are' });
    expect(stdout).toContain('wrong.yaml:1:1');
    expect(stdout).toContain(`\n${missing}: no such file\n`);
    expect(stdout).toContain('no mistakes');
    expect(await validate(missing)).toMatchObject({ stdout: '', error: { code: 'FILE_UNREADABLE', exitCode: 2 } });
  });

  it('prints one JSON object', async () => {
    const { stdout, stderr, error } = await validate(sound, wrong, '--json');
    expect([error?.exitCode, stderr]).toEqual([2, '']);
    const { spec, specSha256 } = parse(SOUND);
    expect(JSON.parse(stdout)).toEqual({
      files: [
        {
          file: sound,
          valid: true,
          search: { name: spec.name, seed: 42, specSha256 },
          rounds: [
            { name: 'coarse', method: 'random', trials: 8, carry: 0 },
            { name: 'fine', method: 'random', trials: 8, carry: 3 },
          ],
          trials: 19,
          datasets: ['mnist'],
        },
        {
          file: wrong,
          valid: false,
          code: 'SPEC_INVALID',
          message: 'wrong.yaml has 3 mistakes',
          problems: [
            expect.objectContaining({ rule: 'missing-key', line: 1, column: 1 }),
            expect.objectContaining({ rule: 'unknown-dataset', line: 5, column: 20 }),
            expect.objectContaining({ rule: 'more-than-there-are', line: 12, column: 95 }),
          ],
        },
      ],
    });
  });
});

describe('vernier preview', () => {
  it('shows the trials that the first round will have, and what later rounds do', async () => {
    const { stdout, stderr, error } = await preview(sound);
    expect([error, stderr]).toEqual([undefined, '']);
    expect(stdout).toBe(`sound, seed 42: maximize val_accuracy on mnist

Round 1, coarse: 8 at random
drawn from lambda 1e-5 to 0.1
  trial    lambda
      1  3.934e-4
      2  2.336e-4
      3   1.66e-5
      4  9.501e-4
      5  0.009568
      6  0.006575
      7  0.002375
      8  0.006919

Round 2, fine: the best 3 of coarse again, and 8 at random between the best 2 of
  coarse
19 trials in all
`);
  });

  it('prints every digit as JSON, as the search will draw them', async () => {
    const { stdout } = await preview(sound, '--seed', '7', '--json');
    const { spec } = parse(SOUND, { seed: 7 });
    const opened = openRound(spec, []);
    if ('impossible' in opened) throw new Error(opened.impossible);
    expect(JSON.parse(stdout)).toMatchObject({
      search: { name: 'sound', seed: 7, specSha256: parse(SOUND, { seed: 7 }).specSha256 },
      round: {
        name: 'coarse',
        method: 'random',
        interval: { lambda: { min: 1e-5, max: 0.1 } },
        trials: opened.trials.map(({ parameters, seed, config }, index) => ({
          number: index + 1,
          parameters,
          seed,
          config,
        })),
      },
      later: [{ name: 'fine' }],
      trials: 19,
    });
  });

  it('shows repeats with their seeds, and stays within 80 columns with many parameters', async () => {
    const file = written(
      'many.yaml',
      `${changed(['parameters:', 'parameters:\n  learning_rate.step_size.epochs: { values: [1, 2, 3] }\n  learning_rate.max: { min: 0.01, max: 0.1 }\n  batch_size: { min: 10, max: 500 }\n  hidden: { min: 10, max: 99 }'])}repeats: 2\n`,
    );
    const { stdout } = await preview(file);
    expect(longest(stdout)).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/trial 16: batch_size \d+, hidden \d+, lambda \S+, learning_rate\.max/);
    expect(stdout).toContain('each with 2 training seeds');
    expect(stdout).toContain('38 trials in all');
  });

  it('cuts a long list', async () => {
    const file = written('long.yaml', changed(['trials: 8', 'trials: 1000']));
    const { stdout } = await preview(file);
    expect(stdout).toContain('and 900 more trials; --json lists all');
  });

  it('tells the mistakes of a file on stderr instead', async () => {
    const { stdout, stderr, error } = await preview(wrong);
    expect([stdout, error?.exitCode]).toEqual(['', 2]);
    expect(stderr).toContain('[more-than-there-are]');
  });
});

describe('formatProblems', () => {
  it('marks the place below the line, in 80 columns, in one form', () => {
    const text = changed(['best: 3', 'best: 9'], ['name: sound', 'name: sound\nhiden: 3']);
    expect(formatProblems('s.yaml', text, problemsOf(text))).toBe(
      [
        's.yaml:2:1: unknown key "hiden" [unknown-key]',
        '  2 | hiden: 3',
        '    | ^',
        '  -> known here: name, description, seed, metric, trial, parameters, rounds,',
        '     method, trials, run_cap, seeds, repeats, keep_weights, retries, on_failure',
        's.yaml:14:95: round "fine" carries the best 9, but round "coarse" has 8',
        '  configurations [more-than-there-are]',
        '  14 | …andom, trials: 8, narrow: { between: { best: 2 } }, carry: { best: 9 } }',
        '     |                                                                     ^',
        '  -> carry at most 8',
      ].join('\n'),
    );
  });

  it('keeps the mark below wide characters and lets no file write to the terminal', () => {
    const text = 'name: "日本\u001B[31m"\nseed: [1]\n';
    const told = formatProblems(
      's.yaml',
      text,
      problemsOf(`a: 1\n`).map((problem) => ({ ...problem, line: 1, column: 11 })),
    );
    expect(told).not.toContain('\u001B');
    expect(told.split('\n').slice(1, 3)).toEqual(['  1 | name: "日本 [31m"', '    |             ^']);
  });

  it('does without the text or a place', () => {
    expect(formatProblems('s.yaml', undefined, [{ rule: 'r', message: 'wrong', line: 3, column: 4 }])).toBe(
      's.yaml:3:4: wrong [r]',
    );
    expect(formatProblems('s.yaml', 'a', [{ rule: 'r', message: 'wrong', suggestion: 'mend' }])).toBe(
      's.yaml: wrong [r]\n  -> mend',
    );
  });

  it.each([10, 75, 76, 80, 200])('fits a line of %i characters', (length) => {
    const text = 'x'.repeat(length);
    for (let column = 1; column <= length + 1; column += 7) {
      const [, shown = '', mark = ''] = formatProblems('s', text, [{ rule: 'r', message: 'm', line: 1, column }]).split(
        '\n',
      );
      expect(shown.length).toBeLessThanOrEqual(80);
      expect(mark.length).toBeLessThanOrEqual(81);
      expect(shown.length).toBeGreaterThanOrEqual(mark.length - 1);
    }
  });
});
