import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plotScheduleCommand } from '../../../coordinator/cli/plot-schedule.js';
import { RANGE_TEST_PICTURE, scheduleExamples } from '../../../scripts/schedule-examples.js';
import { runCommand, type Told } from '../../support/command.js';
import { tempFolder } from '../../support/temp-folder.js';
import { changed, MINE, SOUND } from '../spec/support.js';

const folder = tempFolder();
const at = (name: string): string => join(folder, name);

function written(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

const plot = (...args: string[]): Promise<Told> =>
  runCommand(plotScheduleCommand, ['plot-schedule', ...args], {}, { localDatasets: () => Promise.resolve([MINE]) });

const sound = written('sound.yaml', SOUND);
const varied = written(
  'varied.yaml',
  changed(['parameters:', 'parameters:\n  learning_rate.max: { values: [0.1, 0.2, 0.3] }']),
);
const longest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('vernier plot-schedule', () => {
  it('shows a chart of every round, in 80 columns, and nothing on stderr', async () => {
    const { stdout, stderr, error } = await plot(sound);
    expect([error, stderr]).toEqual([undefined, '']);
    expect(stdout).toMatch(
      /^Round 1, coarse: triangular, 1e-5 to 0.1, step size 500\n2 cycles, 4 epochs of 500 update/,
    );
    expect(stdout).toContain('Round 2, fine: ');
    expect(stdout.match(/┼/g)?.length).toBeGreaterThanOrEqual(2);
    expect(longest(stdout)).toBeLessThanOrEqual(80);
  });

  it('shows one round', async () => {
    const { stdout } = await plot(sound, '--round', 'fine');
    expect(stdout).toMatch(/^Round 2, fine: /);
    expect(stdout).not.toContain('coarse');
  });

  it('puts in the parameters of the trial that preview gives the number', async () => {
    const seen = new Set<string>();
    for (const trial of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { stdout } = await plot(varied, '--trial', String(trial), '--json');
      const { trial: told, rounds } = JSON.parse(stdout) as {
        trial: { number: number; parameters: { 'learning_rate.max': number } };
        rounds: { learningRate: { max: number } }[];
      };
      expect(told.number).toBe(trial);
      const max = told.parameters['learning_rate.max'];
      expect(rounds.map(({ learningRate }) => learningRate.max)).toEqual([max, max]);
      seen.add(String(max));
      expect((await plot(varied, '--trial', String(trial))).stdout).toContain(
        `sound, trial ${trial}: learning_rate.max ${max}`,
      );
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  it.each(['svg', 'png', 'csv'])('writes .%s', async (kind) => {
    const { stdout, error } = await plot(sound, '--output', at(`rate.${kind}`));
    expect(error).toBeUndefined();
    expect(stdout).toBe(`${at(`rate.${kind}`)}: the learning rate of 2 rounds\n`);
    const bytes = readFileSync(at(`rate.${kind}`));
    const beginnings: { [kind: string]: string } = { svg: '<svg', png: '\u2030PNG', csv: 'round,step,epoch,rate' };
    const beginning = bytes.toString(kind === 'png' ? 'latin1' : 'utf8').replace('\u0089', '\u2030');
    expect(beginning.startsWith(beginnings[kind] ?? '?')).toBe(true);
    if (kind === 'csv') expect(bytes.toString('utf8').trimEnd().split('\n')).toHaveLength(1 + 2 * 2000);
  });

  it('says in JSON what it wrote', async () => {
    const { stdout } = await plot(sound, '--round', 'fine', '--output', at('told.svg'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ file: at('told.svg'), rounds: [{ name: 'fine', totalSteps: 2000 }] });
  });

  it.each<[string, string[], object]>([
    ['a round there is not', [sound, '--round', 'final'], { code: 'USAGE', mend: 'it has coarse, fine' }],
    ['a trial there is not', [sound, '--trial', '9'], { code: 'TRIAL_NOT_FOUND', mend: /trials 1 to 8/ }],
    ['another kind of file', [sound, '--output', 'rate.pdf'], { code: 'USAGE', message: /\.csv, not \.pdf/ }],
    ['a file without a kind', [sound, '--output', 'rate'], { code: 'USAGE', message: /without a suffix/ }],
    ['a folder there is not', [sound, '--output', at('no/rate.svg')], { code: 'FILE_UNWRITABLE' }],
    ['a file there is not', [at('none.yaml')], { code: 'FILE_UNREADABLE' }],
  ])('refuses %s', async (_, args, { code, ...texts }: { code?: string; mend?: unknown; message?: unknown }) => {
    const { error, stdout } = await plot(...args);
    expect(stdout).toBe('');
    expect(error).toMatchObject({ code, exitCode: 2 });
    for (const [key, text] of Object.entries(texts)) {
      const told = String((error as unknown as { [key: string]: unknown })[key]);
      if (text instanceof RegExp) expect(told).toMatch(text);
      else expect(told).toBe(text);
    }
  });

  it('refuses a trial that is no number, as commander does', async () => {
    expect((await plot(sound, '--trial', '0')).error).toMatchObject({ code: 'commander.invalidArgument' });
  });

  it('refuses a table that is too long before it writes anything', async () => {
    const long = written('long.yaml', changed(['cycles: 2', 'epochs: 20000']));
    const { error } = await plot(long, '--output', at('long.csv'));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('20000000 update steps') });
  });

  it('tells a round that draws its rate itself, and refuses where there is no other', async () => {
    const own = written(
      'own.yaml',
      changed(['carry: { best: 3 }', 'parameters: { learning_rate.max: { min: 0.1, max: 0.2 } }']),
    );
    const { stdout } = await plot(own);
    expect(stdout).toContain('Round 2, fine: its learning rate follows from what it draws itself:');
    const { error } = await plot(own, '--round', 'fine');
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('learning_rate.max') });
    expect(error).toMatchObject({ mend: 'plot another round: --round coarse' });
  });

  it('offers no other round of a file that tells no rate', async () => {
    const { error } = await plot('configs/paper/gradient-check.yaml');
    expect(error).toMatchObject({ code: 'USAGE', mend: expect.stringMatching(/^there is nothing to plot/) });
  });

  it('tells the mistakes of a file', async () => {
    const { error, stderr } = await plot(written('wrong.yaml', changed(['cycles: 2', 'epochs: 0'])));
    expect(error).toMatchObject({ code: 'SPEC_INVALID', exitCode: 2 });
    expect(stderr).toContain('[out-of-range]');
  });

  it('has help with an example', async () => {
    expect((await plot('--help')).stdout).toContain('vernier plot-schedule configs/quickstart.yaml');
  });
});

describe('docs/schedules.md', () => {
  const docs = join(import.meta.dirname, '../../../docs');
  const page = readFileSync(join(docs, 'schedules.md'), 'utf8');
  const examples = scheduleExamples(page);

  it('has a picture of every schedule', () => {
    const pictures = [...page.matchAll(/^!\[.*\]\((.*)\)$/gm)].map(([, picture]) => picture);
    // The last one is of a result: test/e2e/range-test.test.ts.
    expect([...examples.map(({ picture }) => picture), RANGE_TEST_PICTURE]).toEqual(pictures);
    const shown = new Set(examples.map(({ file }) => /schedule: (\w+)/.exec(file)?.[1]));
    const sections = [...page.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(shown).toEqual(new Set(sections));
    expect(shown.size).toBe(8);
  });

  it.each(examples)('shows what the command draws: $picture', async ({ picture, file }) => {
    const { error } = await plot(written('example.yaml', file), '--output', at('drawn.svg'));
    expect(error).toBeUndefined();
    const [drawn, shown] = [at('drawn.svg'), join(docs, picture)].map((path) => readFileSync(path, 'utf8'));
    expect(drawn === shown, 'figures have changed: npx tsx scripts/draw-schedules.ts').toBe(true);
  });
});
