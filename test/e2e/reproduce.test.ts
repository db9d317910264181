import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { reproduceCommandFor, type ReproductionJson } from '../../coordinator/cli/reproduce.js';
import type { Paper } from '../../coordinator/report/papers/paper.js';
import { packageFile } from '../../proto/package-root.js';
import { localDatasets } from '../../worker/datasets/local.js';
import { runCommand, type Told } from '../support/command.js';
import { Sandbox } from '../support/sandbox.js';

/* A paper reproduced in one command: a small one of our own on the embedded data, with the product's own workers. */

const sandbox = new Sandbox();
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

const common = (dataset = 'fashion-mnist-mini'): string => `
seed: 3
metric: { name: val_accuracy, goal: maximize }
trial:
  kind: two-layer
  dataset: { name: ${dataset}, train: 1000, validation: 500 }
  hidden: 10
  batch_size: 50
  learning_rate: { schedule: triangular, min: 1.0e-5, max: 1.0e-1, step_size: { epochs: 1 } }
  evaluate: { train: epoch, val: epoch }
  test: true
  cycles: 2
`;
const files = {
  gradients: sandbox.file(
    'gradients.yaml',
    `
name: gradients
seed: 3
metric: { name: central_max_relative_error, goal: minimize }
trial:
  kind: gradient-check
  dataset: { name: fashion-mnist-mini, train: 200 }
  hidden: 4
  samples: { count: 5 }
seeds: [42]
`,
  ),
  once: sandbox.file('once.yaml', `name: once\n${common()}`),
  search: sandbox.file(
    'search.yaml',
    `name: search\n${common()}
parameters:
  lambda: { distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1 }
rounds: [{ name: coarse, method: random, trials: 4 }, { name: best, carry: { best: 1 }, trial: { cycles: 3 } }]
`,
  ),
  elsewhere: sandbox.file('elsewhere.yaml', `name: elsewhere\n${common('cifar10')}`),
};

const PAPER: Paper = {
  id: 'tiny-2026',
  title: 'Tiny',
  reference: 'Tiny, 2026',
  summary: 'a tiny paper',
  introduction: ['All of it.'],
  experiments: [
    { file: files.gradients, name: 'gradients', ownSeeds: true },
    { file: files.once, name: 'once' },
    { file: files.search, name: 'search' },
  ],
  sections: [
    {
      heading: 'All',
      parts: [
        {
          kind: 'gradients',
          experiment: 'gradients',
          label: 'Table 1',
          caption: 'x',
          trial: { seed: 42, parameters: {} },
          entries: [{ tensor: 'W1', forward: 1e-8, central: 1e-12 }],
        },
        {
          kind: 'curves',
          experiment: 'once',
          figures: [{ number: 1, measure: 'loss', caption: 'Loss.' }],
        },
        {
          kind: 'final',
          experiment: 'once',
          name: 'Once',
          caption: 'Once',
          paper: { test_accuracy: 0.5 },
          metrics: [{ metric: 'test_accuracy', what: 'test accuracy' }],
        },
        {
          kind: 'best',
          experiment: 'search',
          round: 'coarse',
          name: 'Coarse',
          caption: 'Best two',
          parameter: 'lambda',
          entries: [
            { accuracy: 0.6, log10: -3 },
            { accuracy: 0.5, log10: -4 },
          ],
        },
      ],
    },
  ],
};

const env = {
  ...process.env,
  HOME: sandbox.folder,
  XDG_DATA_HOME: sandbox.path('share'),
  XDG_CACHE_HOME: sandbox.path('cache'),
};

function reproduce(
  args: readonly string[],
  onStderr?: (text: string) => void,
  papers: Paper[] = [PAPER],
): Promise<Told> {
  const stderr = { write: (text: string) => (onStderr?.(text), (told += text), true) } as NodeJS.WriteStream;
  let told = '';
  return runCommand(reproduceCommandFor(papers), ['reproduce', ...args], env, {
    mainFile: packageFile('dist/main.js'),
    localDatasets: (dataDir) => localDatasets(env, dataDir),
    stderr,
  }).then((answer) => ({ ...answer, stderr: told }));
}

const at = (store: string): string[] => [PAPER.id, '--threads', '2', '--store', sandbox.path(store)];

/** The report's files, by name. */
function filesOf(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );
}

describe('vernier reproduce', () => {
  it('runs every file, writes one report, and runs nothing again', { timeout: 120_000 }, async () => {
    const output = sandbox.path('report');
    const told = await reproduce([...at('all.db'), '--output', output, '--json']);
    expect(told.error).toBeUndefined();
    const { searches, comparisons, files: written } = JSON.parse(told.stdout) as ReproductionJson;
    expect(searches.map(({ name, state, seed }) => [name, state, seed])).toEqual([
      ['gradients', 'completed', 3],
      ['once', 'completed', 3],
      ['search', 'completed', 3],
    ]);
    expect(comparisons.map(({ ours }) => ours)).not.toContain(null);
    const once = comparisons.find(({ what }) => what === 'Once: test accuracy');
    expect(once!.difference).toBe(once!.ours! - 0.5);

    // Progress is of the whole: the rounds of all files, each told once.
    for (const round of ['gradients', 'once', 'coarse', 'best']) {
      expect(told.stderr.split('\n').filter((line) => line.startsWith(`round ${round}:`))).toHaveLength(1);
    }
    expect(told.stderr).toMatch(/best: 1\/1 trials, 100% of all/);

    // What `run` gives of the same file is the same.
    const alone = await sandbox.json(['run', files.once, '--store', 'alone.db']);
    expect(searches[1]!.resultDigest).toBe(alone.resultDigest);
    expect(once!.ours).toBe(alone.best!.metrics['test_accuracy']);

    expect(written).toEqual(['report.md', 'report.html', 'report.tex', 'figure-1.svg', 'figure-1.png']);
    const before = filesOf(output);
    expect([...before.keys()].sort()).toEqual(['.vernier-report.json', ...written].sort());
    for (const { resultDigest } of searches) expect(before.get('report.md')).toContain(resultDigest);

    const again = await reproduce([...at('all.db'), '--output', output]);
    expect(again.error).toBeUndefined();
    expect(again.stderr.match(/this search has ended before/g)).toHaveLength(3);
    expect(again.stderr).not.toContain('round');
    expect(again.stdout).toContain('Once: test accuracy');
    expect(filesOf(output)).toEqual(before);

    // Another seed is another search, but for the file that names its training seeds.
    const seeded = await reproduce([...at('all.db'), '--output', output, '--seed', '4', '--json']);
    expect(seeded.stderr.match(/this search has ended before/g)).toHaveLength(1);
    expect((JSON.parse(seeded.stdout) as ReproductionJson).searches.map(({ seed }) => seed)).toEqual([3, 4, 4]);
  });

  it('goes on with the same command when it was interrupted', { timeout: 120_000 }, async () => {
    const output = sandbox.path('interrupted');
    const stopped = await reproduce([...at('stop.db'), '--output', output], (text) => {
      // As a signal would.
      if (text.startsWith('round coarse')) process.emit('SIGTERM');
    });
    expect(stopped.error).toMatchObject({ code: 'INTERRUPTED', mend: 'the same command goes on with it' });
    expect(existsSync(output)).toBe(false);
    const resumed = await reproduce([...at('stop.db'), '--output', output]);
    expect(resumed.error).toBeUndefined();
    expect(resumed.stderr).toMatch(/once: this search has ended before/);
    expect(resumed.stderr).toMatch(/search: resuming: [0-4] of 5 trials done/);
    expect(resumed.stderr).not.toMatch(/round (?:gradients|once)/);
    expect(readdirSync(output)).toContain('report.html');
  });

  it('says how to go on when it had begun anew', { timeout: 120_000 }, async () => {
    const args = [...at('anew.db'), '--output', sandbox.path('anew')];
    const stopAtOnce = (text: string): void => {
      if (text.startsWith('round')) process.emit('SIGTERM');
    };
    const stopped = await reproduce([...args, '--again'], stopAtOnce);
    expect(stopped.error).toMatchObject({
      code: 'INTERRUPTED',
      mend: 'the same command without --again goes on with it',
    });
    const resumed = await reproduce(args);
    expect(resumed.error).toBeUndefined();
    expect(resumed.stderr).toMatch(/gradients: (?:resuming|this search has ended before)/);
    expect(resumed.stderr).toContain('search: resuming: 0 of 5 trials done');
  });

  it('tells before anything runs which command brings missing data', async () => {
    const paper: Paper = {
      ...PAPER,
      experiments: [...PAPER.experiments, { file: files.elsewhere, name: 'elsewhere' }],
    };
    const { error, stdout } = await reproduce(at('absent.db'), undefined, [paper]);
    expect(error).toMatchObject({ code: 'DATASET_MISSING', mend: 'fetch it: vernier data fetch cifar10' });
    expect(stdout).toBe('');
    expect(existsSync(sandbox.path('absent.db'))).toBe(false);
  });

  it('refuses a folder of somebody else’s before anything runs', async () => {
    const output = sandbox.path('mine');
    mkdirSync(output);
    writeFileSync(join(output, 'notes.txt'), 'mine');
    const { error } = await reproduce([...at('mine.db'), '--output', output]);
    expect(error).toMatchObject({ code: 'FILE_UNWRITABLE' });
    expect(existsSync(sandbox.path('mine.db'))).toBe(false);
    expect(readdirSync(output)).toEqual(['notes.txt']);
  });

  it('as a command lists what there is, names what is missing, and knows slips', async () => {
    const list = await sandbox.run(['reproduce']);
    expect(list.code).toBe(0);
    expect(list.stdout).toContain('garcia-sanz-2020: ');
    expect(list.stdout).toContain('configs/paper/lambda-search.yaml');
    const slip = await sandbox.run(['reproduce', 'garcia-sanz-2002']);
    expect(slip.code).toBe(2);
    expect(slip.stderr).toContain('did you mean garcia-sanz-2020?');
    const absent = await sandbox.run(['reproduce', 'garcia-sanz-2020']);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toBe(
      'vernier: data set cifar10: not on this machine [DATASET_MISSING]\n  fetch it: vernier data fetch cifar10\n',
    );
    expect(readdirSync(sandbox.folder)).not.toContain('garcia-sanz-2020');
  });
});
