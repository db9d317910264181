import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../coordinator/spec/rules.js';
import { MINE, problemsOf } from './support.js';

const FOLDER = join(import.meta.dirname, 'golden');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

function told(file: string): ReturnType<typeof problemsOf> {
  return problemsOf(readFileSync(join(FOLDER, file), 'utf8'), { fileName: file, datasets: [MINE] });
}

describe('golden search files', () => {
  it.each(files)('%s gets its messages, in file order', async (file) => {
    const lines = told(file).flatMap(({ line, column, rule, message, suggestion }) => [
      `${line}:${column} [${rule}] ${message}`,
      ...(suggestion === undefined ? [] : [`    -> ${suggestion}`]),
    ]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(FOLDER, file.replace(/\.yaml$/, '.txt')));
  });

  it.each(files)('%s gets a mend with every message', (file) => {
    expect(told(file).filter(({ rule, suggestion }) => rule !== 'yaml-syntax' && suggestion === undefined)).toEqual([]);
  });

  it('ten kinds of mistakes are ten messages at once', () => {
    const rules = told('ten-mistakes.yaml').map(({ rule }) => rule);
    expect(new Set(rules).size).toBeGreaterThanOrEqual(10);
  });

  it('has an example of every rule', () => {
    const met = new Set(files.flatMap((file) => told(file).map(({ rule }) => rule)));
    const others = ['file-too-large']; // in limits.test.ts: too large for a file
    expect(Object.keys(RULES).filter((rule) => !met.has(rule) && !others.includes(rule))).toEqual([]);
  });
});
