import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJson } from '../../coordinator/report/search-json.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';
import { resultsOf } from '../support/search-results.js';

/* The main job in one command. Every test has a store of its own but for those about one that is there already. */

const sandbox = new Sandbox();
const file = sandbox.file('search.yaml', searchFile());
let reference: SearchJson;

beforeAll(async () => {
  reference = await sandbox.json(['run', file, '--threads', '2', '--store', 'reference.db']);
});
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

describe('vernier run', () => {
  it('prints the result as one JSON object of the documented form', async () => {
    expect(Object.keys(reference)).toEqual(['search', 'rounds', 'best', 'resultDigest', 'provenance']);
    expect(reference.search).toEqual({
      id: expect.stringMatching(/^[0-9a-z-]+$/),
      name: 'e2e',
      seed: 7,
      specSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      state: 'completed',
    });
    expect(reference.resultDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(reference.rounds.map(({ name, method, trials }) => [name, method, trials.length])).toEqual([
      ['coarse', 'random', 6],
      ['fine', 'random', 6],
      ['final', 'none', 1],
    ]);
    const trials = reference.rounds.flatMap((round) => round.trials);
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
    for (const trial of trials) {
      expect(Object.keys(trial)).toEqual([
        'number',
        'parameters',
        'seed',
        'state',
        'metrics',
        'attempts',
        'attemptDetails',
        'weightsSha256',
      ]);
      expect(trial).toMatchObject({ state: 'completed', attempts: 1, seed: trials[0]?.seed });
      expect(trial.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('narrows from round to round, carries the best, and tests the last', async () => {
    const [coarse, fine, final] = reference.rounds;
    const byScore = coarse!.trials.toSorted((a, b) => b.metrics['val_accuracy']! - a.metrics['val_accuracy']!);
    const best = byScore.map(({ parameters }) => parameters['lambda'] as number);
    expect(coarse?.interval).toEqual({ lambda: { min: 1e-5, max: 0.1 } });
    expect(fine?.interval['lambda']).toEqual({ min: Math.min(best[0]!, best[1]!), max: Math.max(best[0]!, best[1]!) });
    expect(fine?.trials.slice(0, 2).map(({ parameters }) => parameters['lambda'])).toEqual(best.slice(0, 2));
    expect(Object.keys(final?.trials[0]?.metrics ?? {})).toContain('test_accuracy');
    expect(reference.best).toEqual({
      round: 'final',
      number: 13,
      parameters: final?.trials[0]?.parameters,
      metrics: final?.trials[0]?.metrics,
    });
    // Ten classes: what has learned nothing has 0.1.
    expect(reference.best?.metrics['test_accuracy']).toBeGreaterThan(0.6);
  });

  it.each([
    ['one thread', ['--threads', '1'], {}],
    ['one thread and no trials side by side', ['--threads', '1', '--side-by-side', '1'], {}],
    ['four side by side, forced by the environment', ['--threads', '1'], { VERNIER_SIDE_BY_SIDE: '4' }],
    ['three worker processes', ['--workers', '3', '--threads', '1'], {}],
    ['two worker processes, pairs side by side', ['--workers', '2', '--threads', '1', '--side-by-side', '2'], {}],
    // Every kernel: kernels.test.ts.
    ['the reference kernel', ['--kernel', 'reference'], {}],
  ])('gives the same bits with %s', async (_, options, env) => {
    const store = `${options.join('')}${Object.keys(env).join('')}.db`;
    const other = await sandbox.json(['run', file, ...options, '--store', store], env);
    expect(other.resultDigest).toBe(reference.resultDigest);
    expect(resultsOf(other)).toEqual(resultsOf(reference));
    expect(other.search.specSha256).toBe(reference.search.specSha256);
  });

  it('gives other results for another seed', async () => {
    const other = await sandbox.json(['run', file, '--seed', '0', '--store', 'other-seed.db']);
    expect(other.search.seed).toBe(0);
    expect(other.search.specSha256).not.toBe(reference.search.specSha256);
    expect(other.resultDigest).not.toBe(reference.resultDigest);
    expect(other.rounds[0]?.trials[0]?.parameters).not.toEqual(reference.rounds[0]?.trials[0]?.parameters);
  });

  it('prints a search that has ended at once, and repeats it with --again', async () => {
    const run = ['run', file, '--store', 'reference.db'];
    const printed = sandbox.start([...run, '--json']);
    const { code, stdout, stderr } = await printed.ended;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual(reference);
    expect(stderr).toBe('this search has ended before; --again repeats it\n');

    const submitted = await sandbox.run(['submit', file, '--store', 'reference.db']);
    expect(submitted.stdout).toContain(
      `\nIt has ended; see it: vernier show ${reference.search.id} --store reference.db; --again repeats it.\n`,
    );

    const again = await sandbox.json([...run, '--again']);
    expect(again.search.id).not.toBe(reference.search.id);
    expect(again.resultDigest).toBe(reference.resultDigest);
  });

  it('keeps its searches in the user’s data folder, and shows tables and the final line', async () => {
    const { code, stdout, stderr } = await sandbox.run(['run', file]);
    expect(code, stderr).toBe(0);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toContain('Round 1, coarse (random): 6 trials');
    expect(stdout).toContain('drawn from lambda 1e-5 to 0.1');
    expect(stdout).toMatch(/Best: trial 13 of round final, val_accuracy \d\d\.\d\d %, test_accuracy \d\d\.\d\d %/);
    expect(stdout).toContain(`Result digest ${reference.resultDigest}`);
    expect(stdout).toMatch(/Search (\S+) took \d+ s\nBest weights: vernier weights \1 --output best\.safetensors\n$/);

    const progress = stderr.trimEnd().split('\n');
    expect(progress.filter((line) => line.startsWith('round '))).toHaveLength(3);
    expect(progress.length).toBeLessThan(30);
    expect(progress.at(-1)).toMatch(/^final: 1\/1 trials, 100% of all; best val_accuracy/);
    const { searches } = await sandbox.json<{ searches: object[] }>(['list']);
    expect(searches).toHaveLength(1);
  });
});
