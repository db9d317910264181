import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { packageFile } from '../../proto/package-root.js';
import { Sandbox } from '../support/sandbox.js';
import { searchFile } from '../support/search-files.js';

/* Every mistake is told in a line or two, without a stack, with the exit code that says whose it is. */

const sandbox = new Sandbox();
const file = sandbox.file('search.yaml', searchFile());
afterEach(() => sandbox.empty());
afterAll(() => sandbox.remove());

/** A port of 127.0.0.1 that somebody listens on while `use` runs. */
async function withPort<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as { port: number }).port);
  } finally {
    server.close();
  }
}

async function closedPort(): Promise<number> {
  return withPort(async (port) => port);
}

async function told(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await sandbox.run(args);
  expect(stdout).toBe('');
  expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  expect(stderr).not.toMatch(/^\s+at /m);
  return { code, stderr };
}

describe('a machine without SQLite', () => {
  const without = { NODE_OPTIONS: `--require ${packageFile('test/fixtures/no-sqlite.cjs')}` };

  it('is told what to do by commands that need it', async () => {
    const { code, stderr } = await sandbox.run(['run', file], without);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vernier: SQLite cannot be loaded: .*\[SQLITE_UNAVAILABLE\]\n {2}run npm ci/m);
  });

  it.each([['doctor'], ['validate', file], ['data', 'list']])('runs %s', async (...args) => {
    const { code, stderr } = await sandbox.run(args, without);
    expect(code, stderr).toBe(0);
  });
});

describe('wrong use', () => {
  it('of VERNIER_KERNEL or VERNIER_NATIVE_WIDTH is told before anything starts; an empty one is none', async () => {
    const wrong = await sandbox.run(['run', file], { VERNIER_KERNEL: 'abacus' });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("value 'abacus' from env 'VERNIER_KERNEL' is invalid. Allowed choices are");
    const width = await sandbox.run(['run', file, '--store', 'width.db'], { VERNIER_NATIVE_WIDTH: 'avx3' });
    expect(width.code).toBe(2);
    expect(width.stderr).toContain(
      'vernier: there is no native width "avx3" [USAGE]\n  choose one of sse2, neon, avx2, avx512vl, avx512,',
    );
    expect(existsSync(sandbox.path('width.db'))).toBe(false);
    const none = await sandbox.run(['run', file, '--store', 'kernel.db'], {
      VERNIER_KERNEL: '',
      VERNIER_NATIVE_WIDTH: '',
    });
    expect(none.code, none.stderr).toBe(0);
  });

  it.each([
    [['run', 'nosuch.yaml'], 'nosuch.yaml: no such file [FILE_UNREADABLE]'],
    [['run'], "missing required argument 'file'"],
    [['rum'], "unknown command 'rum'\n(Did you mean run?)"],
    [
      ['run', file, '--threads', '0'],
      "'--threads <n>' argument '0' is invalid. It must be a whole number from 1 to 1024.",
    ],
    [['run', file, '--workers', '1.5'], "'--workers <n>' argument '1.5' is invalid."],
    [['run', file, '--seed', '1.5'], "'--seed <n>' argument '1.5' is invalid. It must be a whole number from 0 to"],
    [['run', file, '--kernel', 'abacus'], 'Allowed choices are reference, wasm, native.'],
    [['run', file, '--treads', '2'], "unknown option '--treads'\n(Did you mean --threads?)"],
    [['coordinator', '--listen', 'here'], 'It must be HOST:PORT'],
    [['submit', file, '--coordinator', '127.0.0.1'], 'It must be HOST:PORT'],
    [['show', '--coordinator', 'a:1', '--store', 'b'], "cannot be used with option '--store <file>'"],
    [['show', '--json', '--spec'], "cannot be used with option '--json'"],
    [['cancel'], "missing required argument 'id'"],
    [['weights'], "required option '--output <file>' not specified"],
    [['list', '--store', 'nosuch.db'], 'store nosuch.db: no such file [FILE_UNREADABLE]'],
    [['show', 'abc'], '[SEARCH_NOT_FOUND]'],
    [['show'], 'there is no search yet [SEARCH_NOT_FOUND]'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await told(...args);
    expect(stderr).toContain(message);
    expect(code, stderr).toBe(2);
  });

  it('of a search file tells every mistake with its place', async () => {
    const bad = sandbox.file(
      'bad.yaml',
      searchFile().replace('hidden: 20', 'hiden: 20').replace('min: 1.0e-5', 'min: 2'),
    );
    for (const args of [
      ['run', bad],
      ['submit', bad, '--store', 'bad.db'],
    ]) {
      const { code, stdout, stderr } = await sandbox.run(args);
      expect(code, stderr).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/bad\.yaml:8:3\b.*hiden/);
      expect(stderr).toMatch(/bad\.yaml:10:\d+/);
    }
  });
});

describe('what keeps a right command from working', () => {
  it('no coordinator there', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    for (const args of [['list'], ['submit', file], ['show', 'abc'], ['watch'], ['cancel', 'abc']]) {
      const { code, stderr } = await told(...args, '--coordinator', address);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(`no coordinator at ${address}: ECONNREFUSED [COORDINATOR_UNREACHABLE]`);
    }
  });

  it('somebody else there', () =>
    withPort(async (port) => {
      const { code, stderr } = await told('list', '--coordinator', `127.0.0.1:${port}`);
      expect(code, stderr).toBe(1);
      expect(stderr).toContain(`no coordinator at 127.0.0.1:${port}`);
    }));

  it('a port in use', () =>
    withPort(async (port) => {
      const { code, stderr } = await told('coordinator', '--listen', `127.0.0.1:${port}`, '--store', 'port.db');
      expect(code, stderr).toBe(1);
      expect(stderr).toContain('[PORT_IN_USE]');
    }));

  it('a store in use', async () => {
    const serving = sandbox.start(['coordinator', '--listen', '127.0.0.1:0', '--store', 'used.db', '--quiet']);
    const [, address] = await serving.says(/^coordinator on (\S+),/m);
    const { code, stderr } = await told('run', file, '--store', 'used.db');
    expect(code, stderr).toBe(1);
    expect(stderr).toContain(`used.db is in use by process ${serving.pid}, serving at ${address} [STORE_LOCKED]`);
    serving.kill('SIGINT');
    expect((await serving.ended).code).toBe(0);
  });

  it('data that are not on this machine, told before anything starts', async () => {
    const cifar = sandbox.file('cifar.yaml', searchFile().replace('fashion-mnist-mini', 'cifar10'));
    const { code, stderr } = await told('run', cifar, '--store', 'never-made.db');
    expect(code, stderr).toBe(1);
    expect(stderr).toBe(
      'vernier: data set cifar10: not on this machine [DATASET_MISSING]\n  fetch it: vernier data fetch cifar10\n',
    );
  });
});

describe('help', () => {
  const searches = ['run', 'validate', 'preview', 'submit', 'watch', 'list', 'show', 'cancel', 'weights'];
  const data = ['data', 'data fetch', 'data add', 'data list', 'data verify', 'data remove'];
  it.each([...searches, 'coordinator', 'worker', ...data, 'doctor'])(
    'of %s has an example, and keeps to 80 columns',
    async (command) => {
      const { code, stdout, stderr } = await sandbox.run([...command.split(' '), '--help']);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(new RegExp(`^  vernier ${command}`, 'm'));
      if (!['worker', 'coordinator', 'data'].includes(command)) expect(stdout).toContain('--json');
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    },
  );

  it.each(['run', 'data', 'data add'])('of %s can be asked for by the command help', async (command) => {
    const asked = await sandbox.run(['help', ...command.split(' ')]);
    expect(asked.code, asked.stderr).toBe(0);
    expect(asked.stdout).toBe((await sandbox.run([...command.split(' '), '--help'])).stdout);
  });
});
