import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../proto/sqlite.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveCoordinatorAddress } from '../../coordinator/store/lock.js';
import { SqliteStore } from '../../coordinator/store/sqlite-store.js';
import { CoordinatorFixture } from '../support/coordinator-fixture.js';
import { ScriptedWorker } from '../support/scripted-worker.js';

let fixture: CoordinatorFixture;
const children: ChildProcess[] = [];

beforeEach(() => {
  fixture = new CoordinatorFixture();
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await fixture.dispose();
});

/** A coordinator in a process of its own; its address. */
async function spawnCoordinator(listen = '127.0.0.1:0'): Promise<{ child: ChildProcess; address: string }> {
  const script = fileURLToPath(new URL('../support/coordinator-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, fixture.store, listen, '60000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, address: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a store', () => {
  it('has one coordinator; a second is told who', async () => {
    const first = await fixture.start();
    await expect(fixture.start()).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`process ${process.pid}, serving at ${first.address}`),
      mend: expect.stringContaining(first.address),
    });
    expect(liveCoordinatorAddress(fixture.store)).toBe(first.address);
    await first.close();
    expect(liveCoordinatorAddress(fixture.store)).toBeUndefined();
    await fixture.start();
  });

  it('is the same one by any path to it', async () => {
    const first = await fixture.start();
    const link = join(fixture.folder, 'link.db');
    symlinkSync(fixture.store, link);
    await expect(fixture.start({ store: link })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    expect(liveCoordinatorAddress(link)).toBe(first.address);
  });

  it('that is not there has no coordinator, and looking makes no file', () => {
    expect(liveCoordinatorAddress(join(fixture.folder, 'none.db'))).toBeUndefined();
    expect(existsSync(join(fixture.folder, 'none.db'))).toBe(false);
    expect(existsSync(join(fixture.folder, 'none.db-lock'))).toBe(false);
    expect(liveCoordinatorAddress(join(fixture.folder, 'no', 'such', 'folder.db'))).toBeUndefined();
  });

  it('whose coordinator was killed has none, and goes on: nothing acknowledged is lost', async () => {
    const { child, address } = await spawnCoordinator();
    expect(liveCoordinatorAddress(fixture.store)).toBe(address);
    await expect(fixture.start()).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    const id = await fixture.searches(address).submitted();
    const worker = await ScriptedWorker.join(address, { threads: 2 });
    worker.demand(2);
    const { leases } = await worker.next('grant');
    worker.finish(leases[0]!, { free: 0 });
    await worker.next('acknowledged');

    await kill(child);
    expect((await worker.ended)?.code).toBe('COORDINATOR_UNREACHABLE');
    expect(existsSync(`${fixture.store}-coordinator`)).toBe(true); // left behind, and not believed
    expect(liveCoordinatorAddress(fixture.store)).toBeUndefined();

    const again = await spawnCoordinator(address);
    expect(again.address).toBe(address);
    const searches = fixture.searches(address);
    const { rounds } = await searches.get(id);
    expect(rounds[0]?.trials[0]?.state).toMatch(/COMPLETED|DIVERGED/);
    expect(rounds[0]?.trials[1]).toMatchObject({ state: 'TRIAL_LEASED', attempts: [{ end: '' }] });
    const back = await ScriptedWorker.join(address, { threads: 2, heldTokens: leases.map(({ token }) => token) });
    for (const lease of leases) back.finish(lease, { free: 0 });
    expect(await back.next('acknowledged')).toEqual({ tokens: [leases[0]!.token] });
    expect(await back.next('acknowledged')).toEqual({ tokens: [leases[1]!.token] });
    void back.runAll();
    await searches.watch(id).ended;
    const detail = await searches.get(id);
    expect(detail.search?.state).toBe('SEARCH_COMPLETED');
    expect(detail.rounds.flatMap(({ trials }) => trials.map(({ attempts }) => attempts.length))).toEqual([
      1, 1, 1, 1, 1, 1,
    ]);
    back.drop();
  });

  it('of a newer version is refused and left as it is', async () => {
    SqliteStore.open(fixture.store).close();
    const database = openDatabase(fixture.store);
    database.pragma('user_version = 999');
    database.close();
    await expect(fixture.start()).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: expect.stringMatching(/version 999, this program knows \d+/),
    });
    const after = openDatabase(fixture.store);
    expect(after.pragma('user_version', { simple: true })).toBe(999);
    after.close();
  });

  it.each<[string, (file: string) => void, string]>([
    ['that is a text file', (file) => writeFileSync(file, 'name: cifar10-lambda\n'.repeat(100)), 'no SQLite database'],
    [
      'of another application',
      (file) => {
        const database = openDatabase(file);
        database.exec('CREATE TABLE bookmarks (url TEXT)');
        database.close();
      },
      'it holds bookmarks',
    ],
    [
      'of another application that says its number',
      (file) => {
        const database = openDatabase(file);
        database.pragma('application_id = 1196444487');
        database.close();
      },
      'application id 1196444487',
    ],
    [
      'that was cut short',
      (file) => {
        SqliteStore.open(file).close();
        truncateSync(file, 20_480);
      },
      'damaged',
    ],
    [
      'with a page overwritten',
      (file) => {
        SqliteStore.open(file).close();
        const bytes = readFileSync(file);
        bytes.fill(0x5a, 8192, 20_480);
        writeFileSync(file, bytes);
      },
      'damaged',
    ],
  ])('%s is refused and left as it is', async (_what, make, message) => {
    make(fixture.store);
    const before = readFileSync(fixture.store);
    await expect(fixture.start()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining(message),
      mend: expect.stringContaining('--store'),
    });
    expect(readFileSync(fixture.store).equals(before)).toBe(true);
    expect(existsSync(`${fixture.store}-blobs`)).toBe(false);
    expect(liveCoordinatorAddress(fixture.store)).toBeUndefined(); // the lock was let go
  });

  it('where none can be is refused', async () => {
    const file = join(fixture.folder, 'file');
    writeFileSync(file, '');
    mkdirSync(join(fixture.folder, 'folder'));
    for (const store of [
      join(file, 'store.db'),
      join(fixture.folder, 'missing', 'store.db'),
      join(fixture.folder, 'folder'),
    ]) {
      await expect(fixture.start({ store })).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
    }
    expect(existsSync(join(fixture.folder, 'missing'))).toBe(false);
  });

  it('that is a folder is told so, and nothing is made beside it', async () => {
    const store = join(fixture.folder, 'folder');
    mkdirSync(store);
    await expect(fixture.start({ store })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      message: `store ${store}: is a folder`,
      mend: `name a file in it: --store ${join(store, 'searches.db')}`,
    });
    expect(readdirSync(fixture.folder)).toEqual(['folder']);
  });

  it('whose file another program keeps locked is refused', async () => {
    SqliteStore.open(fixture.store).close();
    const other = openDatabase(fixture.store);
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN IMMEDIATE');
    await expect(fixture.start()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    other.close();
  });
});

describe('an address', () => {
  it('in use is refused, and the store let go', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(fixture.start({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    await expect(fixture.start({ listen: `localhost:${port}` })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
    other.close();
    expect(liveCoordinatorAddress(fixture.store)).toBeUndefined();
    await fixture.start();
  });

  it.each([
    'nonsense',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:70000',
    '127.0.0.1:-1',
    'http://x:1',
    '',
    '1.2.3.4:0',
    'no-such-host.invalid:0',
  ])('%j is refused', async (listen) => {
    await expect(fixture.start({ listen })).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
    expect(liveCoordinatorAddress(fixture.store)).toBeUndefined();
  });

  it('of loopback is served as it was asked for', async () => {
    const { address } = await fixture.start({ listen: 'localhost:0' });
    expect(address).toMatch(/^localhost:[1-9]\d*$/);
    await fixture.searches(address).submitted();
    expect(fixture.log.join('\n')).not.toContain('warning');
  });

  it('beyond this machine is served with a warning', async () => {
    const { address } = await fixture.start({ listen: '0.0.0.0:0' });
    expect(address).toMatch(/^0\.0\.0\.0:[1-9]\d*$/);
    expect(fixture.log[0]).toContain('warning: 0.0.0.0:0 can be reached from other machines');
    await fixture.searches(address.replace('0.0.0.0', '127.0.0.1')).submitted();
  });
});

describe('closing', () => {
  it('twice is once, and removes what says where the coordinator serves', async () => {
    const coordinator = await fixture.start();
    await Promise.all([coordinator.close(), coordinator.close()]);
    expect(existsSync(`${fixture.store}-coordinator`)).toBe(false);
    rmSync(`${fixture.store}-lock`); // nobody holds it
  });
});
