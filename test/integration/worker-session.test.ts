import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256Hex } from '../../proto/canonical.js';
import { VernierError } from '../../proto/errors.js';
import { systemClock } from '../../worker/session/clock.js';
import { WorkerSession } from '../../worker/session/session.js';
import { coordinatorClients } from '../../worker/session/stream.js';
import { ScriptedCoordinator } from '../support/scripted-coordinator.js';
import { finished, ScriptedRunner } from '../support/scripted-runner.js';

let coordinator: ScriptedCoordinator;
let runner: ScriptedRunner;
let session: WorkerSession | undefined;

beforeEach(async () => {
  coordinator = await ScriptedCoordinator.start();
  runner = new ScriptedRunner(2);
});

afterEach(async () => {
  session?.drain(0);
  coordinator.stop();
  session = undefined;
});

function join(address = coordinator.address): WorkerSession {
  session = new WorkerSession({
    clients: coordinatorClients(address),
    runner,
    hello: { protocolVersion: 1, numericsVersion: '1', worker: 'w-1', threads: 2, kernel: 'wasm' },
    reconnect: { firstConnectMs: 300, reconnectMs: 20_000, initialDelayMs: 5, maxDelayMs: 20 },
    clock: systemClock,
    jitter: () => 0.5,
    log: () => undefined,
  });
  return session;
}

describe('a worker session', () => {
  it('says who it is, asks for as many trials as it has threads, and ends at Shutdown', async () => {
    const { ended } = join();
    expect(await coordinator.next('hello')).toMatchObject({
      worker: 'w-1',
      threads: 2,
      kernel: 'wasm',
      heldTokens: [],
    });
    expect(await coordinator.next('demand')).toEqual({ free: 2 });
    coordinator.send({ shutdown: { reason: 'search ended' } });
    expect(await ended).toEqual({ reason: 'shutdown' });
  });

  it("finds its coordinator although the operating system's settings name a proxy", async () => {
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
    vi.stubEnv('no_proxy', '');
    try {
      join();
      expect(await coordinator.next('hello')).toMatchObject({ worker: 'w-1' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('tells the parts of a divided trial', async () => {
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1', configJson: '{"kind":"x"}', seed: 7, datasetSha256: 'd', specSha256: 's' });
    const trial = await runner.started(0);
    trial.part(12, 64);
    const { trials } = await coordinator.next('progress');
    expect(trials).toMatchObject([{ token: 't1', partsDone: 12, partsTotal: 64, epochs: [] }]);
    trial.end(finished());
    await coordinator.next('result');
    trial.part(13, 64); // too late: nothing is told of it
  });

  it('runs what it is granted, tells its epochs, and asks for the next with the result', async () => {
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1', configJson: '{"kind":"x"}', seed: 7, datasetSha256: 'd', specSha256: 's' });
    const trial = await runner.started(0);
    expect(trial.request).toEqual({
      configJson: '{"kind":"x"}',
      seed: 7,
      datasetSha256: 'd',
      specSha256: 's',
      weights: { keep: 'never' },
    });
    trial.epoch({ epoch: 1, metrics: { val_loss: 1.5 } }, 10);
    expect(await coordinator.next('progress')).toEqual({
      trials: [
        {
          token: 't1',
          epochsTotal: 10,
          epochs: [{ epoch: 1, metrics: [{ name: 'val_loss', value: 1.5 }] }],
          partsDone: 0,
          partsTotal: 0,
        },
      ],
    });
    trial.end(finished());
    expect(await coordinator.next('result')).toMatchObject({
      token: 't1',
      outcome: 'OUTCOME_COMPLETED',
      metrics: [
        { name: 'val_loss', value: 1.5 },
        { name: 'val_accuracy', value: 0.25 },
      ],
      weightsSha256: 'ab'.repeat(32),
      weightsBlob: '',
      free: 2,
    });
  });

  it('starts a lease once, however often it is granted', async () => {
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    coordinator.grant({ token: 't1' });
    coordinator.grant({ token: 't2' });
    await runner.started(1);
    expect(runner.trials).toHaveLength(2);
  });

  it('tells failures with their code, and crashes apart from them', async () => {
    join();
    await coordinator.next('demand');
    for (const [index, outcome] of (['failed', 'crashed'] as const).entries()) {
      coordinator.grant({ token: outcome });
      const trial = await runner.started(index);
      trial.end({ outcome, error: new VernierError('DATASET_MISSING', 'no such data') });
      expect(await coordinator.next('result')).toMatchObject({
        token: outcome,
        outcome: outcome === 'failed' ? 'OUTCOME_FAILED' : 'OUTCOME_CRASHED',
        errorCode: 'DATASET_MISSING',
        message: 'no such data',
      });
    }
  });

  it('renews what it holds until the result is acknowledged', async () => {
    coordinator.terms = { leaseMs: 60_000, renewMs: 10 };
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    expect(await coordinator.next('renewal')).toEqual({ tokens: ['t1'] });
    (await runner.started(0)).end(finished());
    await coordinator.next('result');
    expect(await coordinator.next('renewal')).toEqual({ tokens: ['t1'] });
    coordinator.send({ acknowledged: { tokens: ['t1'] } });
    coordinator.grant({ token: 't2' });
    await runner.started(1);
    for (;;) if ((await coordinator.next('renewal')).tokens.join() === 't2') break;
  });

  it('goes on through a lost stream, and comes back with the leases it holds', async () => {
    join();
    await coordinator.next('hello');
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    const trial = await runner.started(0);
    coordinator.dropStream();
    expect(await coordinator.next('hello')).toMatchObject({ heldTokens: ['t1'] });
    expect(await coordinator.next('demand')).toEqual({ free: 1 });
    expect(trial.cancelled).toBe(false);
    trial.end(finished());
    expect(await coordinator.next('result')).toMatchObject({ token: 't1' });
  });

  it('finds a coordinator that was killed and started again', async () => {
    join();
    await coordinator.next('hello');
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    const trial = await runner.started(0);
    coordinator.stop();
    trial.end(finished());
    await coordinator.listen();
    expect(await coordinator.next('hello')).toMatchObject({ heldTokens: ['t1'] });
    expect(await coordinator.next('result')).toMatchObject({ token: 't1', outcome: 'OUTCOME_COMPLETED' });
  });

  it('sends a result again until it is acknowledged, and not afterwards', async () => {
    join();
    await coordinator.next('hello');
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    (await runner.started(0)).end(finished());
    const first = await coordinator.next('result');
    coordinator.dropStream(); // before the acknowledgement
    expect(await coordinator.next('hello')).toMatchObject({ heldTokens: ['t1'] });
    expect(await coordinator.next('result')).toEqual(first);
    coordinator.send({ acknowledged: { tokens: ['t1'] } });
    coordinator.grant({ token: 't2' });
    await runner.started(1); // so the acknowledgement before it has arrived too
    coordinator.dropStream();
    expect(await coordinator.next('hello')).toMatchObject({ heldTokens: ['t2'] });
    await coordinator.next('demand');
    expect(coordinator.left).not.toContain('result');
  });

  it('stops a revoked trial, reports nothing of it, and asks anew when its thread is free', async () => {
    runner.stubborn = true;
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    const trial = await runner.started(0);
    coordinator.send({ revoked: { tokens: ['t1'], reason: 'cancelled' } });
    coordinator.grant({ token: 't2' });
    await runner.started(1);
    expect(trial.cancelled).toBe(true);
    trial.end(finished());
    expect(await coordinator.next('demand')).toEqual({ free: 1 });
    expect(coordinator.left).not.toContain('result');
  });

  it('gives up a coordinator that is silent for a whole lease, and connects anew', async () => {
    coordinator.terms = { leaseMs: 60, renewMs: 10 };
    coordinator.answersRenewals = false;
    join();
    await coordinator.next('hello');
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    expect(await coordinator.next('hello')).toMatchObject({ heldTokens: ['t1'] });
    expect(runner.trials[0]?.cancelled).toBe(false);
  });

  it('ends when it is refused, with the reason', async () => {
    coordinator.refusal = new VernierError('NUMERICS_MISMATCH', 'numerics 1 is not 2');
    expect(await join().ended).toMatchObject({ reason: 'refused', error: { code: 'NUMERICS_MISMATCH' } });
  });

  it('ends when there was no coordinator from the beginning', async () => {
    coordinator.stop();
    const message = 'no coordinator for 0.3 s: the coordinator cannot be reached: ECONNREFUSED';
    expect(await join().ended).toMatchObject({
      reason: 'unreachable',
      error: { code: 'COORDINATOR_UNREACHABLE', message },
    });
  });
});

describe('leases that lie beside each other', () => {
  const beside = (...tokens: string[]) => tokens.map((token) => ({ token, beside: tokens[0]! }));

  it('share a thread; each is reported at its own end, and the thread is free at the last', async () => {
    join();
    await coordinator.next('demand');
    coordinator.grant(...beside('t1', 't2', 't3'), { token: 't4' });
    const [first, second, third, other] = await Promise.all([0, 1, 2, 3].map((index) => runner.started(index)));
    expect(runner.trials.map(({ thread }) => thread)).toEqual([1, 1, 1, 2]);
    second!.epoch({ epoch: 1, metrics: {} }, 10);
    expect(await coordinator.next('progress')).toMatchObject({ trials: [{ token: 't2' }] });
    second!.end(finished());
    expect(await coordinator.next('result')).toMatchObject({ token: 't2', free: 0 });
    other!.end(finished());
    expect(await coordinator.next('result')).toMatchObject({ token: 't4', free: 1 });
    first!.end({ outcome: 'crashed', error: new VernierError('THREAD_CRASHED', 'boom') });
    expect(await coordinator.next('result')).toMatchObject({ token: 't1', outcome: 'OUTCOME_CRASHED', free: 1 });
    third!.end(finished());
    expect(await coordinator.next('result')).toMatchObject({ token: 't3', free: 2 });
  });

  it('are revoked one by one; the others go on, and their thread is busy', async () => {
    join();
    await coordinator.next('demand');
    coordinator.grant(...beside('t1', 't2'));
    const [first, second] = await Promise.all([0, 1].map((index) => runner.started(index)));
    coordinator.send({ revoked: { tokens: ['t1'], reason: 'cancelled' } });
    expect(await coordinator.next('demand')).toEqual({ free: 1 });
    expect([first!.cancelled, second!.cancelled]).toEqual([true, false]);
    second!.end(finished({ weights: Uint8Array.of(1) }));
    expect(await coordinator.next('demand')).toEqual({ free: 2 });
    expect(await coordinator.next('result')).toMatchObject({ token: 't2', weightsBlob: sha256Hex(Uint8Array.of(1)) });
    expect(coordinator.left).not.toContain('result');
  });

  it('are all named after a lost stream, and all handed back when the worker drains', async () => {
    const worker = join();
    await coordinator.next('hello');
    await coordinator.next('demand');
    coordinator.grant(...beside('t1', 't2'));
    await runner.started(1);
    coordinator.dropStream();
    expect(await coordinator.next('hello')).toMatchObject({ heldTokens: ['t1', 't2'] });
    expect(await coordinator.next('demand')).toEqual({ free: 1 });
    worker.drain(60_000);
    coordinator.grant(...beside('t3', 't4'));
    expect(await coordinator.next('release')).toEqual({ tokens: ['t3', 't4'], reason: 'drained' });
    worker.drain(0);
    expect(await coordinator.next('release')).toEqual({ tokens: ['t1', 't2'], reason: 'drained' });
    expect(runner.trials.map(({ cancelled }) => cancelled)).toEqual([true, true]);
  });
});

describe('weights', () => {
  it('are uploaded before the result that names them, from where a former transfer was cut', async () => {
    const weights = new Uint8Array(1_500_000).map((_, i) => i % 251);
    const sha256 = sha256Hex(weights);
    coordinator.blobs.set(sha256, Buffer.from(weights.subarray(0, 700_000)));
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1', weights: { keep: 'IF_BETTER', metric: 'val_loss', maximize: false, score: 2 } });
    const trial = await runner.started(0);
    expect(trial.request.weights).toEqual({ keep: 'if-better', metric: 'val_loss', goal: 'minimize', score: 2 });
    trial.end(finished({ weights }));
    expect(await coordinator.next('demand')).toEqual({ free: 2 });
    expect(await coordinator.next('result')).toMatchObject({ weightsBlob: sha256 });
    expect(sha256Hex(coordinator.blobs.get(sha256)!)).toBe(sha256);
  });

  it('that cannot be stored do not keep the result back', async () => {
    const weights = Uint8Array.of(1, 2, 3);
    // Bytes that cannot continue to the right content: every try is answered BLOB_MISMATCH.
    coordinator.blobs.set(sha256Hex(weights), Buffer.from([9, 9]));
    join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    (await runner.started(0)).end(finished({ weights }));
    expect(await coordinator.next('result')).toMatchObject({ token: 't1', weightsBlob: '' });
  });
});

describe('draining', () => {
  it('lets running trials end, takes no more, and says goodbye', async () => {
    const worker = join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    const trial = await runner.started(0);
    worker.drain(60_000);
    expect(await coordinator.next('demand')).toEqual({ free: 0 });
    coordinator.grant({ token: 't2' });
    expect(await coordinator.next('release')).toEqual({ tokens: ['t2'], reason: 'drained' });
    trial.end(finished());
    expect(await coordinator.next('result')).toMatchObject({ token: 't1', free: 0 });
    coordinator.send({ acknowledged: { tokens: ['t1'] } });
    await coordinator.next('goodbye');
    expect(await worker.ended).toEqual({ reason: 'drained' });
    expect(runner.trials).toHaveLength(1);
  });

  it('hands back what is not done when its time is over', async () => {
    const worker = join();
    await coordinator.next('demand');
    coordinator.grant({ token: 't1' });
    const trial = await runner.started(0);
    worker.drain(60_000);
    worker.drain(0); // the second signal
    expect(await coordinator.next('release')).toEqual({ tokens: ['t1'], reason: 'drained' });
    await coordinator.next('goodbye');
    expect(await worker.ended).toEqual({ reason: 'drained' });
    expect(trial.cancelled).toBe(true);
    expect(coordinator.left).not.toContain('result');
  });
});
