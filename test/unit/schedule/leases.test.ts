import { beforeEach, describe, expect, it } from 'vitest';
import { newSearch, TINY_DATA } from '../../support/search-fixtures.js';
import { LEASE_MS, resultOf, ScheduleWorld, type VirtualWorker } from '../../support/schedule-world.js';

let world: ScheduleWorld;

beforeEach(() => {
  world = new ScheduleWorld();
  world.submit(newSearch('s'));
});

const numbers = (worker: VirtualWorker) => worker.running.map(({ trial }) => trial);

describe('granting', () => {
  it('gives a worker as many trials as it asks for, lowest numbers first, with all it needs', () => {
    const worker = world.join('w', 2);
    expect(numbers(worker)).toEqual([1, 2]);
    const { config, seed } = world.trial('s', 1);
    expect(worker.running[0]).toMatchObject({
      search: 's',
      trial: 1,
      attempt: 1,
      seed,
      datasetSha256: TINY_DATA.sha256,
      specSha256: newSearch('s').specSha256,
    });
    expect(JSON.parse(worker.running[0]!.configJson)).toEqual(config);
    expect(world.schedule.running('s')).toMatchObject([
      { trial: 1, attempt: 1, worker: 'w' },
      { trial: 2, attempt: 1, worker: 'w' },
    ]);
  });

  it('stores an attempt before its worker is told', () => {
    const worker = world.join('w');
    const token = worker.running[0]!.token;
    expect(world.store.attemptEnd(token)).toBe('running');
    expect(world.effects.atOnce.map(({ message }) => message.kind)).not.toContain('grant');
  });

  it('spreads trials over workers with the most free threads', () => {
    const [a, b] = [world.join('a', 1), world.join('b', 2)];
    expect([a, b].map(numbers)).toEqual([[1], [2, 3]]);
  });

  it('lets no worker hoard trials, whatever it asks for', () => {
    const worker = world.join('w', 1);
    for (let i = 0; i < 5; i++) world.event({ kind: 'demand', session: worker.session!, free: 100 });
    expect(numbers(worker)).toEqual([1, 2]); // one that runs, and one while the other's weights are uploaded
  });

  it('believes the latest demand', () => {
    world.event({ kind: 'cancel', search: 's' });
    const worker = world.join('w', 3); // free: 3
    world.event({ kind: 'demand', session: worker.session!, free: 1 });
    world.submit(newSearch('t'));
    expect(numbers(worker)).toEqual([1]);
  });

  it('serves older searches first', () => {
    world.submit(newSearch('younger', { seed: 1 }));
    const worker = world.join('w', 4);
    expect(worker.running.map(({ search, trial }) => [search, trial])).toEqual([
      ['s', 1],
      ['s', 2],
      ['s', 3],
      ['younger', 1],
    ]);
  });

  it('gives a trial only to workers that have its data, and says when none has', () => {
    const stranger = world.join('stranger', 1, new Set(['00'.repeat(32)]));
    expect(stranger.running).toEqual([]);
    expect(world.schedule.obstacle('s')).toMatchObject({
      code: 'DATASET_MISSING',
      message: expect.stringContaining('tiny'),
    });
    const worker = world.join('w');
    expect(numbers(worker)).toEqual([1]);
    expect(world.schedule.obstacle('s')).toBeUndefined();
  });

  it('names no obstacle where workers are merely not there yet', () => {
    expect(world.schedule.obstacle('s')).toBeUndefined();
    expect(world.schedule.obstacle('unknown')).toBeUndefined();
  });
});

describe('a lease', () => {
  it('lives until its time is over, to the instant', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    world.nowMs += LEASE_MS - 1;
    world.event({ kind: 'tick' });
    expect(world.store.attemptEnd(token)).toBe('running');
    world.nowMs += 1;
    world.event({ kind: 'tick' });
    expect(world.store.attemptEnd(token)).toBe('worker lost');
    expect(worker.revoked).toEqual([{ token, reason: 'lease ended' }]);
    expect(world.trial('s', 1)).toMatchObject({ state: 'pending', attempts: [{ end: 'worker lost', alone: true }] });
  });

  it('is over at that instant also when a renewal or a result comes before the tick', () => {
    for (const send of [
      (worker: VirtualWorker) => world.renew(worker),
      (worker: VirtualWorker) => world.finish(worker, worker.running[0]!),
    ]) {
      world = new ScheduleWorld();
      world.submit(newSearch('s'));
      const worker = world.join('w');
      const { token } = worker.running[0]!;
      world.nowMs += LEASE_MS;
      send(worker);
      expect(world.store.attemptEnd(token)).toBe('worker lost');
      expect(worker.revoked.map((revoked) => revoked.token)).toContain(token);
      expect(worker.acknowledged).toEqual([]);
    }
  });

  it('is asked for a tick no later than it ends', () => {
    expect(world.schedule.nextTickMs).toBe(Infinity);
    world.join('w');
    expect(world.schedule.nextTickMs).toBeLessThanOrEqual(world.nowMs + LEASE_MS);
  });

  it('lives on by renewals, which are answered at once', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    for (let i = 0; i < 10; i++) {
      world.advance(LEASE_MS - 1);
      world.renew(worker);
      expect(worker.renewed).toEqual([token]);
      expect(world.effects.atOnce.map(({ message }) => message.kind)).toEqual(['renewed']);
    }
    expect(world.store.attemptEnd(token)).toBe('running');
  });

  it('is not renewed by anybody but its worker', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    const thief = world.join('thief', 1, new Set());
    world.event({ kind: 'renewal', session: thief.session!, tokens: [token, 'made-up'] });
    expect(thief.renewed).toEqual([]);
    expect(thief.revoked.map((revoked) => revoked.token)).toEqual([token, 'made-up']);
    world.event({ kind: 'result', session: thief.session!, token, free: 0, report: resultOf(worker.running[0]!) });
    expect(thief.acknowledged).toEqual([]);
    expect(world.store.attemptEnd(token)).toBe('running');
  });

  it('outlives its stream; the worker comes back with it', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    world.drop(worker);
    world.advance(LEASE_MS - 1);
    world.connect(worker);
    expect(worker.revoked).toEqual([]);
    world.advance(LEASE_MS - 1); // Hello renewed it
    world.finish(worker, worker.running[0]!);
    expect(worker.acknowledged).toEqual([token]);
    expect(world.trial('s', 1).attempts).toHaveLength(1);
  });

  it('that its worker never heard of goes back to the queue at once', () => {
    const worker = world.join('w', 1);
    worker.held.clear(); // the grant was lost with the stream
    world.connect(worker);
    expect(world.trial('s', 1).attempts).toMatchObject([{ end: 'drained' }, { end: undefined }]);
    expect(numbers(worker)).toEqual([1]);
  });

  it('gets one full period after the coordinator was restarted', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    world.advance(LEASE_MS - 1);
    world.restart();
    world.advance(LEASE_MS - 1);
    expect(world.store.attemptEnd(token)).toBe('running');
    world.connect(worker);
    world.finish(worker, worker.running[0]!);
    expect(worker.acknowledged).toEqual([token]);
  });

  it('of a worker that never comes back after a restart ends after that period', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    world.restart();
    world.advance(LEASE_MS);
    expect(world.store.attemptEnd(token)).toBe('worker lost');
    world.connect(worker); // too late
    expect(worker.revoked).toContainEqual({ token, reason: 'lease ended' });
    expect(world.trial('s', 1).attempts).toMatchObject([{ end: 'worker lost' }, { number: 2, end: undefined }]);
  });

  it('gets one full period when the coordinator itself stood still', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    world.nowMs += 100 * LEASE_MS;
    world.event({ kind: 'stalled' });
    expect(world.store.attemptEnd(token)).toBe('running');
    world.advance(LEASE_MS - 1);
    expect(world.store.attemptEnd(token)).toBe('running');
    world.advance(1);
    expect(world.store.attemptEnd(token)).toBe('worker lost');
  });

  it('of a worker whose process has ended goes to another at once, and never to that worker again', () => {
    const dead = world.join('host-12-abc', 2);
    const alive = world.join('host-123-abc', 1);
    expect([dead, alive].map(numbers)).toEqual([[1, 2], [3]]);
    // Its stream has not ended yet, and it has asked for more.
    world.event({ kind: 'demand', session: dead.session!, free: 2 });
    world.event({ kind: 'workers-gone', namesBegin: 'host-12-' });
    expect(world.trial('s', 1).attempts).toMatchObject([{ end: 'worker lost', message: 'gone for good' }]);
    expect(world.schedule.running('s')).toMatchObject([{ trial: 3, worker: 'host-123-abc' }]);
    expect(world.schedule.connected).toEqual({ workers: 1, threads: 1 });
    world.finish(dead, dead.running[0]!);
    expect(world.trial('s', 1).state).toBe('pending');
    expect(numbers(world.join('host-13-abc', 2))).toEqual([1, 2]);
  });

  it('of every worker goes back to the queue when none can come back after a restart', () => {
    world.join('w', 2);
    world.restart();
    world.event({ kind: 'workers-gone', namesBegin: '' });
    expect(numbers(world.join('v', 2))).toEqual([1, 2]);
  });

  it('whose search fails with another lost in the same moment ends with its search', () => {
    world.event({ kind: 'cancel', search: 's' });
    world.submit(newSearch('stops', { onFailure: 'stop', seed: 1 }));
    for (let losses = 1; losses <= 9; losses++) {
      world.join(`w-${losses}-`);
      world.event({ kind: 'workers-gone', namesBegin: `w-${losses}-` });
    }
    const last = ['z-1', 'z-2'].map((name) => world.join(name));
    expect(last.map(numbers)).toEqual([[1], [2]]);
    world.event({ kind: 'workers-gone', namesBegin: 'z-' });
    expect(world.state('stops')).toBe('failed');
    expect(world.trial('stops', 1).attempts.at(-1)).toMatchObject({ number: 10, end: 'worker lost' });
    expect(world.trial('stops', 2).attempts).toMatchObject([{ end: 'cancelled' }]);
    expect(world.schedule.nextTickMs).toBe(Infinity);
  });

  it('goes back to the queue when it is handed back, and at Goodbye', () => {
    const worker = world.join('w', 2);
    const [first, second] = worker.running;
    world.event({ kind: 'release', session: worker.session!, tokens: [first!.token, 'made-up'] });
    expect(world.trial('s', 1)).toMatchObject({ state: 'pending', attempts: [{ end: 'drained' }] });
    world.event({ kind: 'goodbye', session: worker.session! });
    expect(world.store.attemptEnd(second!.token)).toBe('drained');
    expect(world.schedule.connected).toEqual({ workers: 0, threads: 0 });
  });
});

describe('a result', () => {
  it('is stored before it is acknowledged', () => {
    const worker = world.join('w');
    const lease = worker.running[0]!;
    world.finish(worker, lease, resultOf(lease), false);
    expect(world.effects.atOnce).toEqual([]);
    expect(world.effects.messages[0]).toEqual({
      session: worker.session,
      message: { kind: 'acknowledged', tokens: [lease.token] },
    });
    const { outcome, results } = resultOf(lease);
    expect(world.trial('s', 1)).toMatchObject({ state: outcome, metrics: results.metrics, epochs: results.epochs });
  });

  it('told again is acknowledged again, and changes nothing', () => {
    const worker = world.join('w');
    const lease = worker.running[0]!;
    world.finish(worker, lease);
    const before = world.trial('s', 1);
    world.result(worker, lease.token, { ...resultOf(lease), outcome: 'diverged' });
    world.drop(worker);
    world.restart();
    world.connect(worker);
    world.result(worker, lease.token, { outcome: 'failed', message: 'x', errorCode: '' });
    expect(worker.acknowledged).toEqual([lease.token, lease.token, lease.token]);
    expect(world.trial('s', 1)).toEqual(before);
  });

  it('told again after its search has ended is acknowledged again', () => {
    const worker = world.join('w');
    const lease = worker.running[0]!;
    world.finish(worker, lease);
    world.event({ kind: 'cancel', search: 's' });
    world.result(worker, lease.token, resultOf(lease));
    expect(worker.acknowledged).toEqual([lease.token, lease.token]);
  });

  it('that comes late is refused, and harmless to the attempt that runs now', () => {
    const slow = world.join('slow');
    const lease = slow.running[0]!;
    world.advance(LEASE_MS);
    slow.held.set(lease.token, { lease, report: undefined }); // it has not heard of it
    const quick = world.join('quick');
    expect(numbers(quick)).toEqual([1]);
    world.finish(slow, lease);
    expect(slow.revoked.at(-1)).toEqual({ token: lease.token, reason: 'lease ended' });
    expect(slow.acknowledged).toEqual([]);
    expect(world.trial('s', 1).state).toBe('pending');
    world.finish(quick, quick.running[0]!);
    expect(world.trial('s', 1)).toMatchObject({ attempts: [{ end: 'worker lost' }, { number: 2 }] });
    expect(world.trial('s', 1).state).not.toBe('pending');
  });

  it('with an unknown token is refused', () => {
    const worker = world.join('w');
    world.result(worker, 'made-up', resultOf(worker.running[0]!));
    expect(worker.revoked).toEqual([{ token: 'made-up', reason: 'unknown lease' }]);
  });

  it('from a stream that never introduced itself is nothing', () => {
    const worker = world.join('w');
    const { token } = worker.running[0]!;
    world.event({ kind: 'result', session: 999, token, free: 1, report: resultOf(worker.running[0]!) });
    expect(world.effects.writes).toEqual([]);
    expect(world.store.attemptEnd(token)).toBe('running');
  });
});

describe('a worker that comes twice under one name', () => {
  it('has its older stream ended, and keeps its leases', () => {
    const worker = world.join('w');
    const older = worker.session!;
    const { name, threads, datasets, width } = worker;
    const heldTokens = [...worker.held.keys()];
    worker.session = 77;
    const introduction = { worker: name, threads, kernel: 'wasm', datasets, heldTokens, ...width };
    world.event({ kind: 'hello', session: 77, introduction });
    expect(world.effects.superseded).toEqual([older]);
    expect(world.schedule.connected).toEqual({ workers: 1, threads: 1 });
    world.event({ kind: 'stream-lost', session: older });
    expect(world.schedule.connected).toEqual({ workers: 1, threads: 1 });
    world.finish(worker, worker.running[0]!);
    expect(worker.acknowledged).toHaveLength(1);
  });
});
