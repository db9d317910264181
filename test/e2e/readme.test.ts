import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFile, packageRoot } from '../../proto/package-root.js';

/* What the README shows is what a user gets. */

const readme = readFileSync(packageFile('README.md'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'vernier-readme-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function codeBlock(language: string): string {
  return new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(readme)?.[1] ?? '';
}

describe('the README', () => {
  it('shows the quickstart’s search file as it ships', () => {
    expect(readFileSync(packageFile('configs/quickstart.yaml'), 'utf8')).toContain(codeBlock('yaml'));
    expect(codeBlock('yaml')).not.toBe('');
  });

  it('shows the quickstart’s real output, digest included', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [packageFile('dist/main.js'), 'run', packageFile('configs/quickstart.yaml')],
      { encoding: 'utf8', env: { ...process.env, XDG_DATA_HOME: scratch } },
    );
    expect(status).toBe(0);
    // A run's own: the search's id, and how long it took.
    const lasting = (text: string) =>
      text
        .replace(/^Search \w+ took .*$/m, 'Search ID took T')
        .replace(/^Best weights: vernier weights \w+ /m, 'Best weights: vernier weights ID ');
    expect(lasting(stdout)).toBe(lasting(codeBlock('text')));
  });

  it('and the pages of docs/ link to what is there', () => {
    const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(packageFile('docs')).map((page) => join('docs', page))];
    for (const page of pages.filter((name) => name.endsWith('.md'))) {
      const text = readFileSync(packageFile(page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+?)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        expect(existsSync(resolve(packageRoot, dirname(page), target)), `${page}: ${target}`).toBe(true);
      }
    }
  });
});
