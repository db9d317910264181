import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindParameters } from '../../../coordinator/search/bind.js';
import { bindSource, mergeTrial } from '../../../coordinator/spec/merge.js';
import { Problems } from '../../../coordinator/spec/problems.js';
import { toJson, type SourceMap, type SourceScalar } from '../../../coordinator/spec/source.js';
import { twoLayerRules } from '../../../coordinator/spec/trainers/two-layer.js';
import { readYaml } from '../../../coordinator/spec/yaml.js';
import type { Json } from '../../../proto/canonical.js';
import { changed, parse, problemsOf } from './support.js';

function tree(text: string): SourceMap {
  const read = readYaml(text, new Problems());
  if (read === undefined) throw new Error(`not a map: ${text}`);
  return read;
}

const merged = (base: string, over: string): Json =>
  toJson(mergeTrial(tree(base), tree(over), twoLayerRules.schema, twoLayerRules.exclusive));

describe("a round's settings over the search's", () => {
  it.each<[string, string, string, Json]>([
    [
      'maps merge deep',
      '{dataset: {name: a, train: 1}}',
      '{dataset: {train: 2}}',
      { dataset: { name: 'a', train: 2 } },
    ],
    ['lists replace', '{hidden: [1, 2, 3]}', '{hidden: [4]}', { hidden: [4] }],
    ['values replace', '{hidden: [1, 2], test: true}', '{hidden: 5}', { hidden: 5, test: true }],
    [
      'a map replaces a value',
      '{learning_rate: {step_size: 500}}',
      '{learning_rate: {step_size: {epochs: 4}}}',
      { learning_rate: { step_size: { epochs: 4 } } },
    ],
    [
      'steps replace epochs',
      '{learning_rate: {step_size: {epochs: 1}}}',
      '{learning_rate: {step_size: {steps: 9}}}',
      { learning_rate: { step_size: { steps: 9 } } },
    ],
    [
      'epochs replace steps',
      '{learning_rate: {step_size: {steps: 9}}}',
      '{learning_rate: {step_size: {epochs: 1}}}',
      { learning_rate: { step_size: { epochs: 1 } } },
    ],
    [
      'the same schedule merges',
      '{learning_rate: {schedule: triangular, min: 1, max: 2}}',
      '{learning_rate: {schedule: triangular, max: 3}}',
      { learning_rate: { schedule: 'triangular', min: 1, max: 3 } },
    ],
    [
      'another schedule replaces',
      '{learning_rate: {schedule: triangular, min: 1, max: 2}}',
      '{learning_rate: {schedule: constant, value: 3}}',
      { learning_rate: { schedule: 'constant', value: 3 } },
    ],
    ['epochs replace cycles', '{cycles: 2, test: true}', '{epochs: 3}', { test: true, epochs: 3 }],
    ['cycles replace epochs', '{epochs: 3}', '{cycles: 2}', { cycles: 2 }],
    [
      'a round that gives both keeps both, for the check to tell',
      '{epochs: 3}',
      '{cycles: 2, epochs: 4}',
      { cycles: 2, epochs: 4 },
    ],
  ])('%s', (_, base, over, expected) => {
    expect(merged(base, over)).toEqual(expected);
  });

  it("give the paper's final round its schedule", () => {
    const text = changed(
      ['train: 50000, validation: 10000', 'train: 45000, validation: 5000'],
      [
        'carry: { best: 3 } }',
        'carry: { best: 3 } }\n  - { name: final, carry: { best: 1 }, trial: { cycles: 3, dataset: { train: 49000, validation: 1000 }, learning_rate: { step_size: { epochs: 4 } } } }',
      ],
    );
    expect(parse(text).spec.rounds[2]?.trial).toMatchObject({
      cycles: 3,
      dataset: { name: 'mnist', train: 49_000, validation: 1000 },
      learning_rate: { schedule: 'triangular', min: 1e-5, max: 0.1, step_size: { epochs: 4 } },
    });
  });
});

describe('parameters put into a trial', () => {
  const key = fc.constantFrom('a', 'b', '0', '1', '__proto__');
  const path = fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => keys.join('.'));
  const trial = fc.letrec<{ value: unknown; map: object }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.integer(), tie('map'), fc.array(tie('value'), { maxLength: 2 })),
    map: fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  })).map;

  it('go where the search puts them when trials are planned', () => {
    fc.assert(
      fc.property(trial, fc.dictionary(path, fc.integer(), { maxKeys: 3 }), (settings, parameters) => {
        const text = JSON.stringify(settings);
        const scalars = Object.entries(parameters).map(([name, value]): [string, SourceScalar] => [
          name,
          { kind: 'scalar', value, text: String(value), quoted: false, offset: 0 },
        ]);
        const bound = toJson(bindSource(tree(text), new Map(scalars)));
        expect(JSON.stringify(bound)).toBe(
          JSON.stringify(bindParameters(JSON.parse(text) as { [key: string]: Json }, parameters)),
        );
      }),
    );
  });

  it.each([
    ['batch_size', '{ values: [50, 100] }'],
    ['hidden', '{ min: 10, max: 100 }'],
    ['learning_rate.max', '{ min: 0.01, max: 0.1 }'],
    ['learning_rate.step_size.epochs', '{ values: [0.5, 1, 2] }'],
    ['dataset.train', '{ values: [1000, 50000] }'],
    ['evaluate.train', '{ values: [final, never] }'],
    ['test', '{ values: [true, false] }'],
    ['cycles', '{ min: 1, max: 3 }'],
  ])('may feed %s', (name, definition) => {
    const { spec } = parse(changed(['parameters:', `parameters:\n  ${name}: ${definition}`]));
    expect(Object.keys(spec.parameters)).toEqual(expect.arrayContaining([name, 'lambda']));
  });

  it('may feed a setting that the file leaves out, and an element of a list', () => {
    const without = changed(
      [' max: 1.0e-1,', ''],
      ['parameters:', 'parameters:\n  learning_rate.max: { min: 0.01, max: 0.1 }\n  hidden.1: { min: 10, max: 20 }'],
      ['cycles: 2', 'cycles: 2\n  hidden: [50, 20]'],
    );
    const trial0 = parse(without).spec.rounds[0]?.trial;
    expect(trial0).toMatchObject({ hidden: [50, 20], batch_size: 100 });
    expect(trial0?.['learning_rate']).toEqual({ schedule: 'triangular', min: 1e-5, step_size: { epochs: 1 } });
  });

  it('leave the setting that the file gives for trials without the parameter', () => {
    const { spec } = parse(changed(['cycles: 2', 'cycles: 2\n  lambda: 0.25']));
    expect(spec.rounds[0]?.trial).toMatchObject({ lambda: 0.25 });
    // It must be sound although every trial replaces it.
    expect(problemsOf(changed(['cycles: 2', 'cycles: 2\n  lambda: much']))).toMatchObject([
      { rule: 'wrong-type', line: 9 },
    ]);
  });

  it('are tried at the ends of what rounds hand on', () => {
    const widening = (own: string): string =>
      changed(
        ['parameters:', 'parameters:\n  batch_size: { distribution: q_log_uniform_values, min: 16, max: 20000, q: 1 }'],
        ['between: { best: 2 } }', `between: { best: 2 }, widen: true }${own}`],
      );
    expect(problemsOf(widening(''))).toMatchObject([
      { rule: 'out-of-range', message: expect.stringContaining('widening'), line: 10 },
    ]);
    expect(
      problemsOf(
        widening(', parameters: { batch_size: { distribution: q_log_uniform_values, min: 16, max: 30000, q: 1 } }'),
      ),
    ).toEqual([]);
  });

  it('of a carried trial meet the settings of the round that carries it', () => {
    const text = changed(
      ['parameters:', 'parameters:\n  batch_size: { values: [100, 1000] }'],
      [
        'carry: { best: 3 } }',
        'carry: { best: 3 }, parameters: { batch_size: { values: [100] } }, trial: { dataset: { train: 500 } } }',
      ],
    );
    expect(problemsOf(text)).toMatchObject([
      { rule: 'batch-too-large', message: expect.stringContaining('in round "fine"'), line: 10 },
    ]);
    expect(problemsOf(text.replace('carry: { best: 3 }, ', ''))).toEqual([]);
  });
});
