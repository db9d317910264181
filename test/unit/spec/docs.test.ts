import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { openRound } from '../../../coordinator/search/open-round.js';
import { DISTRIBUTION_NAMES, distributionJsonSchema } from '../../../coordinator/spec/distributions.js';
import { branchesOf, mapBranchesOf, type JsonSchema } from '../../../coordinator/spec/json-schema.js';
import { RULES } from '../../../coordinator/spec/rules.js';
import { searchJsonSchemaWithSeed } from '../../../coordinator/spec/search-schema.js';
import { TRAINER_KINDS, trainerRules } from '../../../coordinator/spec/trainers/index.js';
import { parse, problemsOf, SOUND } from './support.js';

const CHECKOUT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(CHECKOUT, 'docs/search-file.md'), 'utf8');

/** Rows of the text's tables whose first column has this heading, as cells. */
function rows(heading: string, text = page): string[][] {
  const tables = text.matchAll(new RegExp(`^\\| ${heading} .*\\n\\|[-| ]+\\n((?:\\|.*\\n)+)`, 'gm'));
  return [...tables].flatMap(([, body = '']) =>
    body
      .trim()
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

/** Every key of a schema by its dotted path, and how the page writes its default. */
function keysAndDefaults(schema: JsonSchema, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const map of mapBranchesOf(schema)) {
    for (const [key, value] of Object.entries(map.properties ?? {})) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      const { default: given } = value;
      const written = typeof given === 'string' ? given : JSON.stringify(given);
      const without = map.required?.includes(key) === true ? '**required**' : '-';
      found.set(path, given === undefined ? without : `\`${written}\``);
      for (const [inner, innerDefault] of keysAndDefaults(value, path)) found.set(inner, innerDefault);
      const items = branchesOf(value).find(({ type }) => type === 'array')?.items;
      for (const [inner, innerDefault] of keysAndDefaults(items ?? {}, `${path}[]`)) found.set(inner, innerDefault);
    }
  }
  return found;
}

describe('docs/search-file.md', () => {
  /** The page by its sections, those of trainers apart. */
  const sections = page.split(/^(?=## )/m);
  const sectionOf = (kind: string) =>
    sections.filter((section) => section.startsWith(`## What a trial runs: \`${kind}\``));
  const others = sections.filter((section) => !section.startsWith('## What a trial runs: '));

  /** Keys and defaults that the tables of a text describe, in the way of `keysAndDefaults`. */
  const describedKeys = (texts: readonly string[]) =>
    texts.flatMap((text) => rows('key', text).map(([key = '', , byDefault = '']) => `${key} ${byDefault}`)).sort();
  const schemaKeys = (keys: ReadonlyMap<string, string>) =>
    [...keys].map(([key, byDefault]) => `\`${key}\` ${byDefault}`).sort();

  it('describes every key of the search and its parameters and no other, with its default', () => {
    const keys = new Map([
      ...keysAndDefaults(searchJsonSchemaWithSeed),
      ...DISTRIBUTION_NAMES.flatMap((name) => [...keysAndDefaults(distributionJsonSchema(name), 'parameters.NAME')]),
    ]);
    expect(describedKeys(others)).toEqual(schemaKeys(keys));
  });

  it.each(TRAINER_KINDS)('describes every key of the trainer %s and no other, with its default', (kind) => {
    expect(describedKeys(sectionOf(kind))).toEqual(schemaKeys(keysAndDefaults(trainerRules[kind].schema, 'trial')));
  });

  it('names no trainer that there is not', () => {
    expect(sections.length - others.length).toBe(TRAINER_KINDS.length);
  });

  it('describes every distribution', () => {
    const described = rows('distribution').map(([word]) => word);
    expect(new Set(described)).toEqual(new Set(DISTRIBUTION_NAMES.map((word) => `\`${word}\``)));
    expect(described).toHaveLength(DISTRIBUTION_NAMES.length);
  });

  it('lists every rule', () => {
    expect(rows('rule')).toEqual(Object.entries(RULES).map(([rule, asks]) => [`\`${rule}\``, asks]));
  });

  const blocks = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text);
  it('has examples', () => expect(blocks.length).toBeGreaterThanOrEqual(3));

  it.each(blocks)('has an example that works: %s', (block) => {
    const example = parseYaml(block) as { [key: string]: unknown };
    const { rounds, ...sound } = parseYaml(SOUND) as { [key: string]: unknown };
    const whole = 'method' in example ? sound : { ...sound, rounds };
    const text = 'name' in example ? block : yamlOf(block, whole);
    expect(problemsOf(text)).toEqual([]);
  });
});

/** The example's text, and of a whole file what it leaves out; its own text, because 0.0 is not 0 in a file. */
function yamlOf(block: string, whole: { [key: string]: unknown }): string {
  const given = parseYaml(block) as { [key: string]: unknown };
  const missing = Object.entries(whole).filter(([key]) => !(key in given));
  return `${missing.map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('')}${block}`;
}

describe('configs/', () => {
  const files = readdirSync(join(CHECKOUT, 'configs'), { encoding: 'utf8', recursive: true }).filter((file) =>
    file.endsWith('.yaml'),
  );

  it.each(files)('%s is sound', (file) => {
    const text = readFileSync(join(CHECKOUT, 'configs', file), 'utf8');
    expect(problemsOf(text)).toEqual([]);
    expect(parse(text).spec.name).toBe(basename(file, '.yaml'));
  });

  it("paper/gradient-check.yaml is the paper's four tables, in their order", () => {
    const { spec, datasets } = parse(readFileSync(join(CHECKOUT, 'configs/paper/gradient-check.yaml'), 'utf8'));
    expect(datasets.map(({ name }) => name)).toEqual(['cifar10']);
    const opened = openRound(spec, []);
    if ('impossible' in opened) throw new Error(opened.impossible);
    const common = {
      kind: 'gradient-check',
      dataset: { name: 'cifar10', train: 10_000 },
      hidden: 50,
      lambda: 0,
      step: 1e-5,
    };
    expect(opened.trials.map(({ seed, config }) => ({ seed, ...config }))).toEqual([
      { seed: 42, ...common, samples: { count: 20, choice: 'first' } },
      { seed: 400, ...common, samples: { count: 20, choice: 'first' } },
      { seed: 42, ...common, samples: { count: 20, choice: 'random' } },
      { seed: 400, ...common, samples: { count: 20, choice: 'random' } },
    ]);
  });

  it("paper/lambda-search.yaml is the paper's search", () => {
    const { spec, datasets } = parse(readFileSync(join(CHECKOUT, 'configs/paper/lambda-search.yaml'), 'utf8'));
    expect(datasets.map(({ name }) => name)).toEqual(['cifar10']);
    const rate = { schedule: 'triangular', min: 1e-5, max: 1e-1 };
    const common = {
      kind: 'two-layer',
      hidden: 50,
      batch_size: 100,
      learning_rate: { ...rate, step_size: { epochs: 1 } },
    };
    const dataset = { name: 'cifar10', train: 45_000, validation: 5000 };
    expect(spec).toMatchObject({
      seed: 42,
      metric: { name: 'val_accuracy', goal: 'maximize' },
      parameters: { lambda: { distribution: 'log_uniform_values', min: 1e-5, max: 1e-1 } },
      rounds: [
        { method: 'random', trials: 8, trial: { ...common, dataset, cycles: 2, test: false } },
        {
          method: 'random',
          trials: 8,
          carry: { best: 3 },
          narrow: { kind: 'between', best: 2, widen: false },
          trial: { ...common, dataset, cycles: 4 },
        },
        {
          method: 'none',
          trials: 0,
          carry: { best: 1 },
          trial: {
            ...common,
            dataset: { ...dataset, train: 49_000, validation: 1000 },
            learning_rate: { ...rate, step_size: { epochs: 4 } },
            cycles: 3,
            test: true,
            evaluate: { train: 'epoch', val: 'epoch' },
          },
        },
      ],
    });
  });
});
