import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { distributionSchemas } from '../../../coordinator/spec/distributions.js';
import { jsonSchemaOf } from '../../../coordinator/spec/json-schema.js';
import { Problems } from '../../../coordinator/spec/problems.js';
import { searchSchema } from '../../../coordinator/spec/search-schema.js';
import { checkShape, soundPart } from '../../../coordinator/spec/shape.js';
import { readYaml } from '../../../coordinator/spec/yaml.js';
import { twoLayerSchema } from '../../../proto/trainers/two-layer.js';

function checked(value: object, schema: z.ZodType): { problems: Problems; part: unknown } {
  const problems = new Problems();
  const tree = readYaml(JSON.stringify(value), problems);
  if (tree === undefined) throw new Error('an object is a map');
  const json = jsonSchemaOf(schema);
  checkShape(tree, json, '', problems);
  return { problems, part: soundPart(tree, json, problems) };
}

/** Values that a schema takes, nearly takes, and does not take. */
function near(schema: z.ZodType): fc.Arbitrary<object> {
  const keys = [...JSON.stringify(jsonSchemaOf(schema)).matchAll(/"([a-z_]+)"/g)].map(([, key]) => key ?? '');
  const word = fc.constantFrom(...new Set(keys), '', 'x');
  const scalar = fc.oneof(
    word,
    fc.constantFrom(
      0,
      1,
      2,
      0.5,
      -1,
      8,
      100,
      65_536,
      65_537,
      100_001,
      2 ** 53 - 1,
      2 ** 53,
      1e300,
      true,
      false,
      null,
      '1',
      ' a',
    ),
  );
  return fc.letrec<{ value: unknown; map: object }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      { arbitrary: scalar, weight: 4 },
      { arbitrary: tie('map'), weight: 2 },
      fc.array(tie('value'), { maxLength: 3 }),
    ),
    map: fc.dictionary(word, tie('value'), { maxKeys: 6 }),
  })).map;
}

const SOUND_TRIAL = {
  kind: 'two-layer',
  dataset: { name: 'mnist', train: 50_000, validation: 10_000 },
  learning_rate: { schedule: 'triangular', min: 1e-5, max: 0.1, step_size: { epochs: 1 } },
};
const SOUND_SEARCH = {
  name: 'sound',
  metric: { name: 'val_accuracy', goal: 'maximize' },
  trial: {},
  rounds: [{ name: 'a', method: 'random', trials: 8, narrow: { around: { best: 2, margin: 0 } }, carry: { best: 1 } }],
};

describe('the shape pass', () => {
  it.each<[string, z.ZodType, object]>([
    ['the search file', searchSchema, SOUND_SEARCH],
    ['a two-layer trial', twoLayerSchema, SOUND_TRIAL],
    ...Object.entries(distributionSchemas).map(([name, schema]): [string, z.ZodType, object] => [
      name,
      schema,
      name === 'categorical' ? { values: [1, 'a', null] } : name === 'constant' ? { value: 1 } : { min: 1, max: 2 },
    ]),
  ])('takes exactly what zod takes: %s', (_, schema, sound) => {
    const counts = { taken: 0, refused: 0 };
    const mixed = fc.tuple(near(schema), fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })).map(([any, keep]) => ({
      ...Object.fromEntries(Object.entries(any).filter((_entry, index) => keep[index % keep.length])),
      ...Object.fromEntries(Object.entries(sound).filter((_entry, index) => keep[(index + 1) % keep.length])),
    }));
    fc.assert(
      fc.property(fc.oneof(near(schema), mixed), (value) => {
        const { problems, part } = checked(value, schema);
        const verdict = schema.safeParse(JSON.parse(JSON.stringify(value)));
        expect(problems.found.length === 0).toBe(verdict.success);
        // Where nothing is wrong, the sound part is what zod makes of the value, defaults filled in.
        if (verdict.success) expect(part).toEqual(verdict.data);
        counts[verdict.success ? 'taken' : 'refused'] += 1;
      }),
      { numRuns: 600, examples: [[sound]] },
    );
    expect(counts.taken).toBeGreaterThan(0);
    expect(counts.refused).toBeGreaterThan(0);
  });

  it('leaves out what is wrong and keeps the rest', () => {
    const { part } = checked(
      {
        ...SOUND_TRIAL,
        hidden: [50, 0],
        batch_size: '100',
        lamda: 1,
        dataset: { name: 'mnist', train: 0.5 },
        evaluate: { val: 'never' },
      },
      twoLayerSchema,
    );
    expect(part).toEqual({
      ...SOUND_TRIAL,
      hidden: [50],
      lambda: 0,
      dataset: { name: 'mnist' },
      evaluate: { train: 'final', val: 'never' },
      test: false,
    });
  });

  it('tells a misspelt key once, not as missing besides', () => {
    const { problems } = checked({ ...SOUND_TRIAL, kind: undefined, knd: 'two-layer' }, twoLayerSchema);
    expect(problems.found.map(({ rule }) => rule)).toEqual(['unknown-key']);
  });

  it('checks what it can where the word that decides is missing or wrong', () => {
    const { problems } = checked(
      {
        ...SOUND_TRIAL,
        learning_rate: { schedule: 'parabolic', min: -1, max: 'high', wormup: 3, step_size: { steps: 0 } },
      },
      twoLayerSchema,
    );
    expect(problems.found.map(({ rule, message }) => [rule, message.split(' ')[0]])).toEqual([
      ['unknown-value', 'learning_rate.schedule'],
      ['out-of-range', 'learning_rate.min'],
      ['wrong-type', 'learning_rate.max'],
      ['unknown-key', 'unknown'],
      ['out-of-range', 'learning_rate.step_size.steps'],
    ]);
  });
});
