import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Hello } from '../../proto/generated/vernier/v1/Hello.js';
import type { TrialResult } from '../../proto/generated/vernier/v1/TrialResult.js';
import type { WorkerMessage } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import { vernierProto } from '../../proto/grpc.js';
import { metricsFromWire } from '../../proto/wire.js';
import { CoordinatorFixture, type SearchesApi } from '../support/coordinator-fixture.js';
import { ManualClock } from '../support/manual-clock.js';
import { ScriptedWorker, wireResult } from '../support/scripted-worker.js';
import { TINY_DATA } from '../support/search-fixtures.js';

const LEASE_MS = 15_000;

let fixture: CoordinatorFixture;
let clock: ManualClock;
let address: string;
let searches: SearchesApi;
let id: string;

beforeEach(async () => {
  fixture = new CoordinatorFixture();
  clock = new ManualClock();
  await start();
  id = await searches.submitted();
});

afterEach(() => fixture.dispose());

async function start(listen = '127.0.0.1:0') {
  const coordinator = await fixture.start({ clock, listen });
  ({ address } = coordinator);
  searches = fixture.searches(address);
  return coordinator;
}

async function trial(number: number) {
  const { rounds } = await searches.get(id, { epochs: true });
  const found = rounds.flatMap(({ trials }) => trials).find((candidate) => candidate.number === number);
  if (found === undefined) throw new Error(`no trial ${number}`);
  return found;
}

describe('a session', () => {
  it('is welcomed with the terms of a lease', async () => {
    const worker = new ScriptedWorker(address);
    worker.hello();
    const welcome = await worker.next('welcome');
    expect(welcome).toEqual({
      coordinator: expect.stringMatching(/^[0-9a-f]{16}$/),
      leaseMs: LEASE_MS,
      renewMs: 5_000,
    });
  });

  it('grants on demand, with all that a trial needs', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const lease = await worker.lease();
    expect(lease).toMatchObject({
      search: id,
      trial: 1,
      attempt: 1,
      leaseMs: LEASE_MS,
      datasetSha256: TINY_DATA.sha256,
      specSha256: (await searches.get(id)).search?.specSha256,
      weights: { keep: 'IF_BETTER', metric: 'val_accuracy', maximize: true },
    });
    expect(lease.weights).not.toHaveProperty('score');
    expect(JSON.parse(lease.configJson)).toMatchObject({ kind: 'two-layer', dataset: { name: 'tiny' } });
    expect(lease.token).toMatch(/^[\w-]{22}$/);
    worker.finish(lease, { outcome: 'OUTCOME_COMPLETED', metrics: [{ name: 'val_accuracy', value: 0.5 }] });
    const next = await worker.lease(); // the result asked for it
    expect(next).toMatchObject({ trial: 2, weights: { keep: 'IF_BETTER', score: 0.5 } });
  });

  it('ends in order when the worker says goodbye', async () => {
    const worker = await ScriptedWorker.join(address, { threads: 2 });
    worker.demand(2);
    await worker.next('grant');
    worker.send({ goodbye: {} });
    worker.leave();
    expect(await worker.ended).toBeUndefined();
    expect((await trial(1)).attempts).toMatchObject([{ end: 'drained' }]);
  });

  it('keeps every bit of a result, NaN and the infinities among them', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const lease = await worker.lease();
    const odd = { val_loss: NaN, val_accuracy: 0.1 + 0.2, a: Infinity, b: -Infinity, c: -0, d: 5e-324 };
    const metrics = Object.entries(odd).map(([name, value]) => ({ name, value }));
    worker.finish(lease, { outcome: 'OUTCOME_DIVERGED', metrics, epochs: [{ epoch: 1, metrics }] });
    await worker.next('acknowledged');
    const stored = await trial(1);
    expect(stored.state).toBe('TRIAL_DIVERGED');
    expect(metricsFromWire(stored.metrics)).toEqual(odd);
    expect(metricsFromWire(stored.epochs[0]!.metrics)).toEqual(odd);
  });

  it('tells of failures; a worker that cannot read its data is named', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const failing = await worker.lease();
    worker.send({
      result: {
        token: failing.token,
        outcome: 'OUTCOME_FAILED',
        message: 'too\nbig',
        errorCode: 'MEMORY_EXHAUSTED',
        free: 1,
      },
    });
    const again = await worker.lease();
    expect(again).toMatchObject({ trial: 1, attempt: 2 });
    worker.send({
      result: {
        token: again.token,
        outcome: 'OUTCOME_FAILED',
        message: 'data differ',
        errorCode: 'DATASET_CORRUPT',
        free: 1,
      },
    });
    await worker.next('acknowledged');
    await worker.next('acknowledged');
    expect((await trial(1)).attempts.map(({ end, message }) => [end, message])).toEqual([
      ['failed', 'too big [MEMORY_EXHAUSTED]'],
      ['refused', 'data differ [DATASET_CORRUPT]'],
    ]);
    expect((await searches.get(id)).search).toMatchObject({
      state: 'SEARCH_RUNNING',
      waitingCode: 'DATASET_CORRUPT',
      message: 'no connected worker can use data set tiny; worker w-1: data differ',
    });
  });
});

describe('versions', () => {
  it.each([
    [{ protocolVersion: 99 }, 'PROTOCOL_MISMATCH'],
    [{ numericsVersion: 'other' }, 'NUMERICS_MISMATCH'],
  ] satisfies [Partial<Hello>, string][])('%j is refused', async (changes, code) => {
    const worker = new ScriptedWorker(address);
    worker.hello(changes);
    expect(await worker.ended).toMatchObject({ code, mend: expect.stringContaining('same version') });
  });
});

describe('a lost worker', () => {
  it('costs its attempt when the lease is over, and its late result is refused', async () => {
    const slow = await ScriptedWorker.join(address, { worker: 'slow' });
    slow.demand(1);
    const lease = await slow.lease();
    const quick = await ScriptedWorker.join(address, { worker: 'quick' });
    clock.advance(LEASE_MS - 1);
    expect((await trial(1)).attempts).toMatchObject([{ end: '' }]);
    clock.advance(1);
    expect(await slow.next('revoked')).toEqual({ tokens: [lease.token], reason: 'lease ended' });
    quick.demand(1);
    const second = await quick.lease();
    expect(second).toMatchObject({ trial: 1, attempt: 2 });
    slow.finish(lease, { outcome: 'OUTCOME_COMPLETED', metrics: [{ name: 'val_accuracy', value: 1 }], free: 0 });
    expect(await slow.next('revoked')).toEqual({ tokens: [lease.token], reason: 'lease ended' });
    expect((await trial(1)).state).toBe('TRIAL_LEASED');
    quick.finish(second);
    expect(await quick.next('acknowledged')).toEqual({ tokens: [second.token] });
    const { metrics, attempts } = await trial(1);
    expect(metricsFromWire(metrics)).toEqual(metricsFromWire(wireResult(second).metrics as never));
    expect(attempts.map(({ end, worker }) => [worker, end])).toEqual([
      ['slow', 'worker lost'],
      ['quick', expect.stringMatching(/completed|diverged/)],
    ]);
    expect(slow.left).not.toContain('acknowledged');
  });

  it('that renews in time keeps its lease, whatever the wall clock says', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const { token } = await worker.lease();
    for (let i = 0; i < 10; i++) {
      clock.wallMs += i % 2 === 0 ? 1e12 : -2e12;
      clock.advance(5_000);
      worker.send({ renewal: { tokens: [token] } });
      expect(await worker.next('renewed')).toEqual({ tokens: [token] });
    }
    expect((await trial(1)).attempts).toMatchObject([{ end: '' }]);
  });

  it('is given time when the coordinator itself stood still', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const { token } = await worker.lease();
    clock.standStill(60 * 60 * 1000);
    worker.send({ renewal: { tokens: [token] } });
    expect(await worker.next('renewed')).toEqual({ tokens: [token] });
    expect(fixture.log.join('\n')).toContain('stood still for 3600 s');
  });

  it('is answered at every renewal, also when it holds nothing that lives', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.send({ renewal: { tokens: ['made-up'] } });
    expect(await worker.next('renewed')).toEqual({ tokens: [] });
    expect(await worker.next('revoked')).toEqual({ tokens: ['made-up'], reason: 'unknown lease' });
  });
});

describe('a lost stream', () => {
  it('before the result: the worker comes back with its lease and sends it', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const lease = await worker.lease();
    worker.drop();
    const back = await ScriptedWorker.join(address, { heldTokens: [lease.token] });
    back.finish(lease);
    expect(await back.next('acknowledged')).toEqual({ tokens: [lease.token] });
    expect((await trial(1)).attempts).toHaveLength(1);
  });

  it('before the acknowledgement: the result is sent again and acknowledged', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const lease = await worker.lease();
    worker.finish(lease, { free: 0 });
    await worker.next('acknowledged');
    worker.drop(); // as if that had been lost
    const before = await trial(1);
    const back = await ScriptedWorker.join(address, { heldTokens: [lease.token] });
    back.finish(lease, { metrics: [], free: 0 });
    expect(await back.next('acknowledged')).toEqual({ tokens: [lease.token] });
    expect(back.left).not.toContain('revoked');
    expect(await trial(1)).toEqual(before);
  });

  it('after the same worker opened another: the older is ended', async () => {
    const older = await ScriptedWorker.join(address);
    older.demand(1);
    const lease = await older.lease();
    const newer = await ScriptedWorker.join(address, { heldTokens: [lease.token] });
    expect(await older.ended).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    newer.finish(lease);
    expect(await newer.next('acknowledged')).toEqual({ tokens: [lease.token] });
  });
});

describe('a coordinator that was closed and started again', () => {
  it('goes on where it was: leases, results, rounds', async () => {
    const worker = await ScriptedWorker.join(address, { threads: 2 });
    worker.demand(2);
    const { leases } = await worker.next('grant');
    worker.finish(leases[0]!, { free: 0 });
    await worker.next('acknowledged');
    const digest = await undisturbedDigest();

    const first = await closed();
    expect(await worker.ended).toMatchObject({ code: expect.stringMatching(/COORDINATOR/) });
    await start(first);
    clock.advance(LEASE_MS - 1);
    const back = await ScriptedWorker.join(address, { threads: 2, heldTokens: leases.map(({ token }) => token) });
    back.finish(leases[0]!, { free: 0 }); // told already
    back.finish(leases[1]!, { free: 0 });
    expect(await back.next('acknowledged')).toEqual({ tokens: [leases[0]!.token] });
    expect(await back.next('acknowledged')).toEqual({ tokens: [leases[1]!.token] });
    expect((await trial(2)).attempts).toMatchObject([{ number: 1 }]);
    void back.runAll();
    for (;;) {
      const { search, resultDigest } = await searches.get(id);
      if (search?.state === 'SEARCH_RUNNING') continue;
      expect(resultDigest).toBe(digest);
      break;
    }
  });

  /** The digest of the same search where nothing happens. */
  async function undisturbedDigest(): Promise<string> {
    const other = new CoordinatorFixture();
    const coordinator = await other.start();
    const api = other.searches(coordinator.address);
    const search = await api.submitted();
    const worker = await ScriptedWorker.join(coordinator.address);
    void worker.runAll();
    await api.watch(search).ended;
    const { resultDigest } = await api.get(search);
    worker.drop();
    await other.dispose();
    return resultDigest;
  }

  /** Closes the coordinator of this test; where it served. */
  async function closed(): Promise<string> {
    const former = address;
    await fixture.closeAll();
    return former;
  }
});

describe('shutdown', () => {
  it('tells every worker, waits until they have left, and takes no others', async () => {
    await fixture.closeAll();
    const coordinator = await fixture.start();
    const workers = await Promise.all(['a', 'b'].map((worker) => ScriptedWorker.join(coordinator.address, { worker })));
    const down = coordinator.shutdown('the search has ended');
    for (const worker of workers) {
      expect(await worker.next('shutdown')).toEqual({ reason: 'the search has ended' });
    }
    const late = new ScriptedWorker(coordinator.address);
    late.hello();
    expect(await late.ended).toMatchObject({ code: expect.stringMatching(/COORDINATOR_(STOPPING|UNREACHABLE)/) });
    for (const worker of workers) worker.leave();
    for (const worker of workers) expect(await worker.ended).toBeUndefined();
    await down;
  });

  it('does not wait for a worker that never leaves', async () => {
    const worker = await ScriptedWorker.join(address);
    const down = fixture.shutdownAll('done');
    await worker.next('shutdown');
    clock.advance(5_000);
    expect(await worker.ended).toMatchObject({ code: 'COORDINATOR_STOPPING' });
    await down;
  });
});

describe('messages that no worker sends', () => {
  const hello = { protocolVersion: 1, numericsVersion: '1', worker: 'w', threads: 1 };
  const result: TrialResult = { outcome: 'OUTCOME_COMPLETED', metrics: [], epochs: [] };

  it.each<[string, WorkerMessage[]]>([
    ['a result before Hello', [{ result: { token: 't', ...result } }]],
    ['a demand before Hello', [{ demand: { free: 1 } }]],
    ['an empty message', [{}]],
    ['a second Hello', [{ hello }, { hello }]],
    ['an empty message after Hello', [{ hello }, {}]],
    ['a worker without a name', [{ hello: { ...hello, worker: '' } }]],
    ['a name that would move the cursor', [{ hello: { ...hello, worker: 'w\u001b[2J' } }]],
    ['a name without end', [{ hello: { ...hello, worker: 'w'.repeat(100_000) } }]],
    ['no threads', [{ hello: { ...hello, threads: 0 } }]],
    ['four thousand million threads', [{ hello: { ...hello, threads: 4_294_967_295 } }]],
    ['an empty token', [{ hello }, { renewal: { tokens: [''] } }]],
    ['a token without end', [{ hello }, { release: { tokens: ['t'.repeat(1_000_000)] } }]],
    [
      'more tokens than leases could be',
      [{ hello }, { renewal: { tokens: Array.from({ length: 66_000 }, () => 't') } }],
    ],
    ['a result without a token', [{ hello }, { result }]],
    ['a result without an outcome', [{ hello }, { result: { token: 't' } }]],
    ['a result of an unknown outcome', [{ hello }, { result: { token: 't', outcome: 77 as never } }]],
    ['epoch 0', [{ hello }, { result: { token: 't', ...result, epochs: [{ epoch: 0 }] } }]],
    ['an epoch twice', [{ hello }, { result: { token: 't', ...result, epochs: [{ epoch: 1 }, { epoch: 1 }] } }]],
    ['a metric without a name', [{ hello }, { result: { token: 't', ...result, metrics: [{ name: '', value: 1 }] } }]],
    [
      'weights that are no SHA-256',
      [{ hello }, { result: { token: 't', ...result, weightsSha256: '../../etc/passwd' } }],
    ],
    ['a blob that is no SHA-256', [{ hello }, { result: { token: 't', ...result, weightsBlob: 'AB'.repeat(32) } }]],
  ])('%s: its stream is ended, nothing else', async (_what, messages) => {
    const worker = new ScriptedWorker(address);
    for (const message of messages) worker.send(message);
    expect(await worker.ended).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    const other = await ScriptedWorker.join(address, { worker: 'other' });
    other.demand(1);
    expect(await other.lease()).toMatchObject({ trial: 1 });
  });

  it.each<[string, WorkerMessage[]]>([
    ['a demand beyond its threads', [{ demand: { free: 4_294_967_295 } }]],
    ['progress of unknown trials', [{ progress: { trials: [{ token: 'x' }, {}] } }]],
    ['a release of unknown leases', [{ release: { tokens: ['x'] } }]],
    ['nothing to renew', [{ renewal: { tokens: [] } }]],
    [
      'metrics named like parts of an object',
      [{ result: { token: '__proto__', ...result, metrics: [{ name: '__proto__', value: NaN }] } }],
    ],
  ])('%s: it goes on', async (_what, messages) => {
    const worker = await ScriptedWorker.join(address);
    for (const message of messages) worker.send(message);
    worker.send({ renewal: { tokens: [] } });
    expect(await worker.next('renewed')).toEqual({ tokens: [] });
  });

  it('a result with a metric named __proto__ is stored as it is', async () => {
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const metrics = [
      { name: '__proto__', value: 1 },
      { name: 'constructor', value: 2 },
    ];
    worker.finish(await worker.lease(), { outcome: 'OUTCOME_COMPLETED', metrics, free: 0 });
    await worker.next('acknowledged');
    expect((await trial(1)).metrics).toEqual(metrics);
  });

  it('bytes that are no message, or too many of them', async () => {
    for (const bytes of [Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(5 * 1024 * 1024, 0x0a)]) {
      const client = new vernierProto.Workers(address, credentials.createInsecure());
      const raw = client.makeBidiStreamRequest(
        '/vernier.v1.Workers/Session',
        (b: Buffer) => b,
        (b: Buffer) => b,
      );
      const ended = new Promise<unknown>((resolve) => raw.on('error', resolve));
      raw.write(bytes);
      expect(await ended).toHaveProperty('code');
      client.close();
    }
    const other = await ScriptedWorker.join(address);
    other.demand(1);
    expect(await other.lease()).toMatchObject({ trial: 1 });
  });

  it('a stream that never says who it is', async () => {
    const silent = new ScriptedWorker(address);
    const ready = await ScriptedWorker.join(address);
    ready.demand(0);
    clock.advance(10_000);
    expect(await silent.ended).toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      message: expect.stringContaining('no Hello'),
    });
  });
});
