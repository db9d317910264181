import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { searchFile } from '../support/search-files.js';

it('a search file comes from standard input also where that is a socket, as another program gives it', async () => {
  const { stdin, stdout, stderr } = spawn(process.execPath, [packageFile('dist/main.js'), 'validate', '-']);
  stdin.end(searchFile());
  const [told, complaints] = await Promise.all([text(stdout), text(stderr)]);
  expect(complaints).toBe('');
  expect(told).toMatch(/^-: /);
});
