import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256Hex, type Json } from '../../../proto/canonical.js';
import { trainingSeed } from '../../../proto/seed.js';
import { changed, MINE, parse, problemsOf, SOUND } from './support.js';

describe('parseSearchFile', () => {
  it('fills in every default', () => {
    const { spec, datasets } = parse(SOUND);
    expect(spec).toEqual({
      name: 'sound',
      seed: 42,
      metric: { name: 'val_accuracy', goal: 'maximize' },
      parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 } },
      rounds: [
        { name: 'coarse', method: 'random', trials: 8, trial: settings, parameters: {} },
        {
          name: 'fine',
          method: 'random',
          trials: 8,
          narrow: { kind: 'between', best: 2, margin: 0, widen: false },
          carry: { best: 3 },
          trial: settings,
          parameters: {},
        },
      ],
      trainingSeeds: [trainingSeed(42, 0)],
      keepWeights: 'best',
      retries: 3,
      onFailure: 'stop',
    });
    expect(datasets).toMatchObject([{ name: 'mnist', train: 60_000, test: 10_000, inputs: 784, classes: 10 }]);
  });

  it('takes the seed of the caller over that of the file, and needs one of them', () => {
    const without = changed(['seed: 42\n', '']);
    expect(parse(without, { seed: 0 }).spec).toMatchObject({ seed: 0, trainingSeeds: [trainingSeed(0, 0)] });
    expect(parse(SOUND, { seed: 7 }).spec.seed).toBe(7);
    expect(problemsOf(without)).toMatchObject([{ rule: 'missing-key', message: 'seed is missing' }]);
    // A wrong seed in the file is a mistake also where another one is used.
    expect(problemsOf(changed(['seed: 42', 'seed: -1']), { seed: 7 })).toMatchObject([{ rule: 'out-of-range' }]);
    for (const seed of [-1, 1.5, 2 ** 53, NaN]) {
      expect(() => parse(SOUND, { seed })).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
  });

  it.each([
    ['repeats: 3', [0, 1, 2].map((repeat) => trainingSeed(42, repeat))],
    ['seeds: [7, 0, 9007199254740991]', [7, 0, 9007199254740991]],
  ])('trains each configuration once a seed: %s', (line, seeds) => {
    expect(parse(`${SOUND}${line}\n`).spec.trainingSeeds).toEqual(seeds);
  });

  it('reads what keeps weights and what a failure does', () => {
    const { spec } = parse(`${SOUND}keep_weights: all\nretries: 1\non_failure: continue\ndescription: "two\\nlines"\n`);
    expect(spec).toMatchObject({ keepWeights: 'all', retries: 1, onFailure: 'continue', description: 'two\nlines' });
  });

  it('takes the goal from the metric, and a cost or loss is minimized', () => {
    expect(parse(changed([', goal: maximize', ''])).spec.metric.goal).toBe('maximize');
    expect(parse(changed(['val_accuracy, goal: maximize', 'val_loss'])).spec.metric.goal).toBe('minimize');
  });

  it('names the data sets of all rounds, those of the submitter among them', () => {
    const text = changed(
      ['method: random, trials: 8 }', 'trials: 8, trial: { dataset: { name: mine, train: 100, validation: 20 } } }'],
      ['carry: { best: 3 } }', 'parameters: { dataset.name: { values: [cifar10, fashion-mnist] } } }'],
      ['train: 50000', 'train: 40000'],
    );
    expect(parse(text, { datasets: [MINE] }).datasets.map(({ name }) => name)).toEqual([
      'cifar10',
      'fashion-mnist',
      'mine',
    ]);
    expect(problemsOf(text)).toMatchObject([{ rule: 'unknown-dataset' }]);
  });

  it("does not let a data set of the submitter's take a catalogued name", () => {
    const { datasets } = parse(SOUND, { datasets: [{ ...MINE, name: 'mnist' }] });
    expect(datasets[0]?.train).toBe(60_000);
  });
});

describe('a value with the tag !', () => {
  it('is text, and told of where text is wrong', () => {
    expect(parse(changed(['name: sound', 'name: ! 2024'])).spec.name).toBe('2024');
    expect(problemsOf(changed(['cycles: 2', 'cycles: ! 2']))).toMatchObject([
      { rule: 'number-as-text', line: 8, suggestion: 'write 2' },
    ]);
    for (const nothing of ['cycles: !', 'cycles: ! # two']) {
      expect(problemsOf(changed(['cycles: 2', nothing]))).toMatchObject([{ rule: 'wrong-type', line: 8 }]);
    }
  });
});

describe('rounds', () => {
  const only = changed([SOUND.slice(SOUND.indexOf('rounds:')), 'method: random\ntrials: 20\n']);

  it('is one where the file lists none', () => {
    expect(parse(only).spec.rounds).toMatchObject([{ name: 'search', method: 'random', trials: 20 }]);
    expect(parse(only.replace('trials', 'run_cap')).spec).toEqual(parse(only).spec);
    expect(parse(only.replace('method: random\n', '')).spec).toEqual(parse(only).spec);
  });

  it('is one trial where nothing is searched', () => {
    const text = only.replace(/parameters:\n.*\nmethod.*\ntrials.*\n/, '');
    expect(parse(text).spec).toMatchObject({ parameters: {}, rounds: [{ method: 'grid', trials: 1 }] });
  });

  it('has as many grid points as its parameters give', () => {
    const text = only
      .replace('random\ntrials: 20', 'grid')
      .replace('parameters:', 'parameters:\n  hidden: { values: [20, 50] }\n  batch_size: { min: 100, max: 104 }')
      .replace(
        'distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1',
        'distribution: q_uniform, min: 0, max: 1, q: 0.25',
      );
    expect(parse(text).spec.rounds).toMatchObject([{ method: 'grid', trials: 2 * 5 * 4 }]);
    expect(parse(text.replace('method: grid', 'method: grid\ntrials: 40')).spec).toEqual(parse(text).spec);
  });

  it('lists narrowed parameters in one order', () => {
    const narrowed = (names: string): string =>
      changed(
        ['parameters:', 'parameters:\n  hidden: { min: 10, max: 100 }'],
        ['between: { best: 2 }', `around: { best: 3 }, widen: true, parameters: ${names}`],
      );
    const { spec } = parse(narrowed('[lambda, hidden]'));
    expect(spec.rounds[1]?.narrow).toEqual({
      kind: 'around',
      best: 3,
      margin: 0.1,
      widen: true,
      parameters: ['hidden', 'lambda'],
    });
    expect(parse(narrowed('[hidden, lambda]')).specSha256).toBe(parse(narrowed('[lambda, hidden]')).specSha256);
  });
});

describe('the canonical form', () => {
  it('is what the hash is over', () => {
    const { spec, specSha256 } = parse(SOUND);
    expect(specSha256).toBe(sha256Hex(canonicalJson(spec as unknown as Json)));
  });

  it.each<[string, string]>([
    ['comments', SOUND.replaceAll('\n', ' # comment\n')],
    ['line ends', SOUND.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${SOUND}`],
    ['a document mark', `%YAML 1.2\n---\n${SOUND}...\n`],
    ['JSON', JSON.stringify(readSound())],
    ['the order of keys', JSON.stringify(reversedKeys(readSound()))],
    [
      'how numbers are written',
      SOUND.replace('min: 1.0e-5', 'min: 0.00001').replace('8 }', '8.0 }').replace('42', '0x2A'),
    ],
    [
      'defaults',
      `${SOUND}repeats: 1\nkeep_weights: best\nretries: 3\n`.replace('cycles: 2', 'cycles: 2\n  hidden: 50'),
    ],
    ['aliases', SOUND.replace('min: 1.0e-5', 'min: &low 1.0e-5').replace('values, min: 1.0e-5', 'values, min: *low')],
  ])('does not depend on %s', (_, text) => {
    expect(parse(text).specSha256).toBe(parse(SOUND).specSha256);
  });

  it('does not depend on how a parameter is nested', () => {
    const flat = changed(['  lambda:', '  learning_rate.max: { min: 0.01, max: 0.1 }\n  lambda:']);
    const nested = changed([
      '  lambda:',
      '  learning_rate: { parameters: { max: { min: 0.01, max: 0.1 } } }\n  lambda:',
    ]);
    expect(parse(nested)).toEqual(parse(flat));
  });

  it('does not depend on where a setting stands', () => {
    const moved = changed(['  cycles: 2\n', ''], ['trials: 8', 'trials: 8, trial: { cycles: 2 }']).replace(
      'best: 3 }',
      'best: 3 }, trial: { cycles: 2 }',
    );
    expect(parse(moved).specSha256).toBe(parse(SOUND).specSha256);
  });

  it.each<[string, string]>([
    ['the seed', changed(['seed: 42', 'seed: 43'])],
    ['a bound', changed(['max: 1.0e-1 }', 'max: 1.1e-1 }'])],
    ['a round', changed(['best: 3', 'best: 4'])],
    ['a setting', changed(['cycles: 2', 'cycles: 3'])],
    ['the name', changed(['name: sound', 'name: Sound'])],
  ])('depends on %s', (_, text) => {
    expect(parse(text).specSha256).not.toBe(parse(SOUND).specSha256);
  });

  it('holds the seed that was given', () => {
    expect(parse(SOUND, { seed: 43 }).specSha256).toBe(parse(changed(['seed: 42', 'seed: 43'])).specSha256);
  });
});

const settings = {
  kind: 'two-layer',
  dataset: { name: 'mnist', train: 50_000, validation: 10_000 },
  hidden: 50,
  batch_size: 100,
  learning_rate: { schedule: 'triangular', min: 1e-5, max: 1e-1, step_size: { epochs: 1 } },
  cycles: 2,
  evaluate: { train: 'final', val: 'epoch' },
  test: false,
};

function readSound(): Json {
  const { kind, dataset, learning_rate, cycles } = settings;
  const round = { method: 'random', trials: 8 };
  return {
    name: 'sound',
    seed: 42,
    metric: { name: 'val_accuracy', goal: 'maximize' },
    trial: { kind, dataset, learning_rate, cycles },
    parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 0.1 } },
    rounds: [
      { name: 'coarse', ...round },
      { name: 'fine', ...round, narrow: { between: { best: 2 } }, carry: { best: 3 } },
    ],
  };
}

function reversedKeys(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversedKeys);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversedKeys(inner)]),
  );
}
