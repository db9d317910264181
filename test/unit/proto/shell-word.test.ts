import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellWord } from '../../../proto/shell-word.js';

it('leaves plain file names as they are', () => {
  for (const name of ['searches.db', '/tmp/a-b_c/1.db', 'größe.db']) expect(shellWord(name)).toBe(name);
});

it('is read by a shell as the text that it was', () => {
  const awkward = fc.constantFrom(
    ' ',
    "'",
    '"',
    '$',
    '`',
    '\\',
    '*',
    '~',
    ';',
    '&',
    '|',
    '<',
    '(',
    '#',
    '!',
    '\n',
    'a',
    '/',
    'é',
  );
  const texts = fc.sample(fc.string({ unit: awkward, minLength: 1, maxLength: 12 }), { numRuns: 200, seed: 1 });
  const script = `for word in ${texts.map(shellWord).join(' ')}; do printf '%s\\0' "$word"; done`;
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(texts);
});
