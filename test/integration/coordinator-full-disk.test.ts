import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../coordinator/store/sqlite-store.js';
import { sha256Hex } from '../../proto/canonical.js';
import { VernierError, type ErrorCode } from '../../proto/errors.js';
import { uploadBlob } from '../../worker/session/upload.js';
import { call, CoordinatorFixture } from '../support/coordinator-fixture.js';
import { ManualClock } from '../support/manual-clock.js';
import { ScriptedWorker } from '../support/scripted-worker.js';

let fixture: CoordinatorFixture;

beforeEach(() => {
  fixture = new CoordinatorFixture();
});

afterEach(() => fixture.dispose());

describe('a store that cannot be written', () => {
  let clock: ManualClock;
  /** What every write fails with. */
  let failure: ErrorCode | undefined;

  function startFailing() {
    const openStore = (file: string) => {
      const store = SqliteStore.open(file);
      const fail = () => {
        if (failure !== undefined) throw new VernierError(failure, `store ${file}: as the test wants it`);
      };
      return Object.assign(Object.create(store) as SqliteStore, {
        commit: (...args: Parameters<SqliteStore['commit']>) => {
          if (args[0].length > 0) fail();
          store.commit(...args);
        },
        createSearch: (...args: Parameters<SqliteStore['createSearch']>) => {
          fail();
          store.createSearch(...args);
        },
      });
    };
    return fixture.start({ clock, openStore });
  }

  beforeEach(() => {
    clock = new ManualClock();
    failure = undefined;
  });

  it('for want of room starts nothing and keeps everything until there is room', async () => {
    const { address } = await startFailing();
    const searches = fixture.searches(address);
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(address, { threads: 2 });
    worker.demand(2);
    const { leases } = await worker.next('grant');

    failure = 'STORE_FULL';
    worker.finish(leases[0]!, { free: 1 });
    const cancel = call((done) => searches.client.cancelSearch({ id: 'nothing' }, done));
    await expect(cancel).rejects.toMatchObject({ code: 'SEARCH_NOT_FOUND' });
    while ((await searches.get(id)).search?.waitingCode !== 'STORE_FULL');
    await expect(searches.submitted({ seed: 1 })).rejects.toMatchObject({ code: 'STORE_FULL' });
    for (let i = 0; i < 12; i++) {
      clock.advance(5_000); // long past the lease's end
      worker.send({ renewal: { tokens: [leases[1]!.token] } });
      expect(await worker.next('renewed')).toEqual({ tokens: [leases[1]!.token] });
    }
    expect(worker.left).toEqual([]); // neither acknowledged, nor granted, nor revoked
    expect((await searches.get(id)).rounds[0]?.trials.map(({ state }) => state)).toEqual([
      'TRIAL_LEASED',
      'TRIAL_LEASED',
      'TRIAL_PENDING',
    ]);

    failure = undefined;
    clock.advance(1_000);
    expect(await worker.next('acknowledged')).toEqual({ tokens: [leases[0]!.token] });
    const third = await worker.lease();
    expect(third.trial).toBe(3);
    const { search, rounds } = await searches.get(id);
    expect(search).toMatchObject({ waitingCode: '', message: '' });
    expect(rounds[0]?.trials.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1]);
    const log = fixture.log.join('\n');
    expect(log).toContain('nothing is started until there is room');
    expect(log).toContain('the store has room again');
    expect(
      (await call<{ searches: unknown[] }>((done) => searches.client.listSearches({}, done))).searches,
    ).toHaveLength(1);
  });

  it('tells whoever cancels that it is not stored yet, and cancels when there is room', async () => {
    const { address } = await startFailing();
    const searches = fixture.searches(address);
    const id = await searches.submitted();
    failure = 'STORE_FULL';
    const cancel = () => call<{ state: string }>((done) => searches.client.cancelSearch({ id }, done));
    await expect(cancel()).rejects.toMatchObject({ code: 'STORE_FULL' });
    await expect(cancel()).rejects.toMatchObject({ code: 'STORE_FULL' });
    failure = undefined;
    clock.advance(1_000);
    expect(await cancel()).toMatchObject({ state: 'SEARCH_CANCELLED' });
  });

  it('and is closed so: what was not acknowledged is told again, and counts once', async () => {
    const first = await startFailing();
    const searches = fixture.searches(first.address);
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(first.address);
    worker.demand(1);
    const lease = await worker.lease();
    failure = 'STORE_FULL';
    worker.finish(lease);
    while ((await searches.get(id)).search?.waitingCode !== 'STORE_FULL');
    await first.close();
    expect(worker.left).not.toContain('acknowledged');
    failure = undefined;
    const second = await startFailing();
    const back = await ScriptedWorker.join(second.address, { heldTokens: [lease.token] });
    back.finish(lease, { free: 0 });
    expect(await back.next('acknowledged')).toEqual({ tokens: [lease.token] });
    const { rounds } = await fixture.searches(second.address).get(id);
    expect(rounds[0]?.trials[0]?.attempts).toHaveLength(1);
  });

  it('ever again ends the coordinator, which lets the store go', async () => {
    const coordinator = await startFailing();
    const searches = fixture.searches(coordinator.address);
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(coordinator.address);
    failure = 'STORE_CORRUPT';
    worker.demand(1);
    expect(await coordinator.failed).toMatchObject({ code: 'STORE_CORRUPT' });
    expect(await worker.ended).toMatchObject({ code: expect.stringMatching(/COORDINATOR_/) });
    expect(worker.left).toEqual([]);
    failure = undefined;
    const { address } = await startFailing();
    expect((await fixture.searches(address).get(id)).search?.state).toBe('SEARCH_RUNNING');
  });
});

describe('a disk that is full', () => {
  const mounted: string[] = [];

  afterEach(async () => {
    await fixture.closeAll();
    for (const folder of mounted.splice(0)) spawnSync('umount', [folder]);
  });

  it('stops nothing for good: what was acknowledged is kept, and the search goes on when there is room', async (context) => {
    const disk = join(fixture.folder, 'disk');
    mkdirSync(disk);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
    if (mount.status !== 0) context.skip(`no file system can be mounted here: ${String(mount.stderr ?? mount.error)}`);
    mounted.push(disk);
    const { address } = await fixture.start({ store: join(disk, 'store.db') });
    const searches = fixture.searches(address);
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const first = await worker.lease();
    worker.finish(first, { free: 0 });
    await worker.next('acknowledged');
    worker.demand(1);
    const second = await worker.lease();

    const filler = join(disk, 'filler');
    fill(filler);
    // A result too large for what is left; the weights do not fit either.
    const metrics = Array.from({ length: 900 }, (_, i) => ({ name: `metric_${i}`, value: Math.sqrt(i) }));
    const epochs = Array.from({ length: 40 }, (_, i) => ({ epoch: i + 1, metrics }));
    const blobs = fixture.blobs(address);
    await expect(uploadBlob(blobs, Buffer.alloc(100_000))).rejects.toMatchObject({ code: 'STORE_FULL' });
    const watch = searches.watch(id);
    worker.finish(second, { epochs, free: 1 });
    await watch.until(({ search }) => search?.waitingCode === 'STORE_FULL');
    await expect(searches.submitted({ seed: 1 })).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(worker.left).toEqual([]);
    expect((await searches.get(id)).rounds[0]?.trials[0]?.state).toMatch(/COMPLETED|DIVERGED/);

    rmSync(filler);
    expect(await worker.next('acknowledged')).toEqual({ tokens: [second.token] });
    worker.finish(await worker.lease());
    void worker.runAll();
    expect(await watch.ended).toBeUndefined();
    expect(watch.events.at(-1)?.search).toMatchObject({ state: 'SEARCH_COMPLETED', trialsDone: 6 });
    const { rounds } = await searches.get(id, { epochs: true });
    expect(rounds[0]?.trials[1]?.epochs).toHaveLength(40);
    const weights = Buffer.alloc(100_000);
    expect(await uploadBlob(blobs, weights)).toBe(sha256Hex(weights));
  });
});

/** Leaves nothing of the file's disk. */
function fill(file: string): void {
  const { bavail, bsize } = statfsSync(join(file, '..'));
  writeFileSync(file, Buffer.alloc(bavail * bsize));
}
