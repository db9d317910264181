import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../proto/canonical.js';
import { VernierError } from '../../proto/errors.js';
import { NUMERICS_VERSION, PROTOCOL_VERSION } from '../../proto/versions.js';
import type { PoolTrialEnd, TrialRequest } from '../../worker/pool/pool-trial.js';
import { systemClock } from '../../worker/session/clock.js';
import { WorkerSession } from '../../worker/session/session.js';
import { coordinatorClients } from '../../worker/session/stream.js';
import { wantsWeights } from '../../worker/train/weights-policy.js';
import { call, CoordinatorFixture, TINY_SEARCH, type SearchesApi } from '../support/coordinator-fixture.js';
import { Network } from '../support/network.js';
import { resultOf } from '../support/schedule-world.js';
import { ScriptedRunner } from '../support/scripted-runner.js';
import { TINY_DATA } from '../support/search-fixtures.js';

/** A real worker session, but for its threads, with the real coordinator. */

let fixture: CoordinatorFixture;
let address: string;
let searches: SearchesApi;
const sessions: WorkerSession[] = [];

beforeEach(async () => {
  fixture = new CoordinatorFixture();
  ({ address } = await fixture.start());
  searches = fixture.searches(address);
});

afterEach(async () => {
  for (const session of sessions) session.drain(0);
  await Promise.all(sessions.splice(0).map(({ ended }) => ended));
  await fixture.dispose();
});

function join(runner: ScriptedRunner, worker = 'w-1', at = address): WorkerSession {
  const session = new WorkerSession({
    clients: coordinatorClients(at),
    runner,
    hello: {
      protocolVersion: PROTOCOL_VERSION,
      numericsVersion: NUMERICS_VERSION,
      worker,
      threads: runner.threads,
      kernel: 'wasm',
      datasets: [TINY_DATA],
    },
    reconnect: { firstConnectMs: 5_000, reconnectMs: 20_000, initialDelayMs: 5, maxDelayMs: 20 },
    clock: systemClock,
    jitter: () => 0.5,
    log: () => undefined,
  });
  sessions.push(session);
  return session;
}

/** What a thread gives for a request, its weights where they are wanted. */
function endOf(request: TrialRequest): PoolTrialEnd {
  const { outcome, results } = resultOf(request);
  const { epochs, metrics, weightsSha256 } = results;
  const weights = Buffer.from(`weights of ${request.configJson}`);
  const wanted = wantsWeights(request.weights, outcome, metrics) ? { weights } : {};
  return { outcome, epochs, metrics, weightsSha256, ...wanted };
}

/** Ends every trial that is started, epoch by epoch, from number `index` on. */
async function work(runner: ScriptedRunner, index = 0): Promise<never> {
  for (let i = index; ; i++) {
    const trial = await runner.started(i);
    const end = endOf(trial.request);
    if ('epochs' in end) for (const epoch of end.epochs) trial.epoch(epoch, end.epochs.length);
    trial.end(end);
  }
}

describe('worker sessions and the coordinator', () => {
  it('run a search to its end, the same on two workers as on one; the best weights are kept', async () => {
    const digests: string[] = [];
    for (const count of [1, 2]) {
      const id = await searches.submitted({ again: true });
      const watch = searches.watch(id);
      for (let i = 0; i < count; i++) {
        const runner = new ScriptedRunner(2);
        join(runner, `w-${count}-${i}`);
        void work(runner);
      }
      expect(await watch.ended).toBeUndefined();
      const { search, best, rounds, resultDigest } = await searches.get(id);
      expect(search?.state).toBe('SEARCH_COMPLETED');
      digests.push(resultDigest);
      const kept = rounds.flatMap(({ trials }) => trials).filter(({ weightsKept }) => weightsKept);
      expect(kept.map(({ number }) => number)).toEqual([best?.number]);
      const configs = (await searches.get(id, { configs: true })).rounds.flatMap(({ trials }) => trials);
      const { configJson } = configs.find(({ number }) => number === best?.number)!;
      expect(kept[0]?.weightsBlob).toBe(sha256Hex(`weights of ${configJson}`));
    }
    expect(digests[1]).toBe(digests[0]);
  });

  it('go on through a restart of the coordinator: no attempt is lost', async () => {
    const id = await searches.submitted();
    const runner = new ScriptedRunner(2);
    join(runner);
    const [first, second] = [await runner.started(0), await runner.started(1)];
    first.end(endOf(first.request));
    await runner.started(2);
    await fixture.closeAll();
    second.end(endOf(second.request)); // while nobody is there
    await fixture.start({ listen: address });
    void work(runner, 2);
    expect(await searches.watch(id).ended).toBeUndefined();
    const { search, rounds } = await searches.get(id);
    expect(search?.state).toBe('SEARCH_COMPLETED');
    expect(rounds.flatMap(({ trials }) => trials.map(({ attempts }) => attempts.length))).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('hand back what a draining worker has not finished', async () => {
    const id = await searches.submitted();
    const runner = new ScriptedRunner(1);
    const session = join(runner);
    await runner.started(0);
    session.drain(0);
    expect(await session.ended).toEqual({ reason: 'drained' });
    expect((await searches.get(id)).rounds[0]?.trials[0]).toMatchObject({
      state: 'TRIAL_PENDING',
      attempts: [{ end: 'drained' }],
    });
  });

  it('stop a cancelled trial', async () => {
    const id = await searches.submitted();
    const runner = new ScriptedRunner(1);
    join(runner);
    const trial = await runner.started(0);
    await call((done) => searches.client.cancelSearch({ id }, done));
    while (!trial.cancelled) await searches.get(id);
    expect((await searches.get(id)).rounds[0]?.trials[0]).toMatchObject({ attempts: [{ end: 'cancelled' }] });
  });

  it('try a failing trial again, and say at last why it failed', async () => {
    const id = await searches.submitted({ specYaml: `${TINY_SEARCH}on_failure: continue\n` });
    const runner = new ScriptedRunner(1);
    join(runner);
    for (let i = 0; i < 9; i++) {
      const trial = await runner.started(i);
      trial.end({ outcome: i % 3 === 1 ? 'crashed' : 'failed', error: new VernierError('INTERNAL', 'it broke') });
    }
    expect(await searches.watch(id).ended).toBeUndefined();
    const { search, rounds } = await searches.get(id);
    expect(search).toMatchObject({
      state: 'SEARCH_FAILED',
      message: 'round "coarse": every trial failed; trial 3 failed 3 times: it broke [INTERNAL]',
    });
    expect(rounds[0]?.trials[0]?.attempts.map(({ end }) => end)).toEqual(['failed', 'thread crashed', 'failed']);
  });

  it('lose an attempt to a network that is cut for longer than a lease, and nothing else', async () => {
    await fixture.closeAll();
    // Short, because this time has to pass; renewed often, so that a slow machine loses no lease but the one meant.
    const coordinator = await fixture.start({ leaseMs: 1_500, renewMs: 100 });
    searches = fixture.searches(coordinator.address);
    const id = await searches.submitted();
    const network = await Network.to(coordinator.address);
    const cutOff = new ScriptedRunner(1);
    join(cutOff, 'cut-off', network.address);
    const trial = await cutOff.started(0);
    network.goDown();
    const other = new ScriptedRunner(1);
    const otherSession = join(other, 'other', coordinator.address);
    void work(other);
    expect(await searches.watch(id).ended).toBeUndefined();
    otherSession.drain(0);
    await otherSession.ended;
    trial.end(endOf(trial.request)); // too late: the search is over
    network.comeBack();
    const late = await searches.submitted({ seed: 1 });
    const again = await cutOff.started(1); // it is back, and its old result troubled nobody
    again.end(endOf(again.request));
    void work(cutOff, 2);
    expect(await searches.watch(late).ended).toBeUndefined();
    const attempts = (await searches.get(id)).rounds.flatMap(({ trials }) => trials.map((of) => of.attempts));
    expect(attempts[0]?.map(({ worker, end }) => [worker, end])).toEqual([
      ['cut-off', 'worker lost'],
      ['other', expect.stringMatching(/completed|diverged/)],
    ]);
    expect(attempts.slice(1).map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
    await network.close();
  });

  it('end together: a shutdown ends every session', async () => {
    const ended = [join(new ScriptedRunner(1), 'a').ended, join(new ScriptedRunner(1), 'b').ended];
    const id = await searches.submitted();
    await searches.watch(id).until(({ workers }) => workers === 2);
    await fixture.shutdownAll('the search has ended');
    expect(await Promise.all(ended)).toEqual([{ reason: 'shutdown' }, { reason: 'shutdown' }]);
  });

  it('refuse a worker of another numerics version for good', async () => {
    const session = new WorkerSession({
      clients: coordinatorClients(address),
      runner: new ScriptedRunner(1),
      hello: { protocolVersion: PROTOCOL_VERSION, numericsVersion: '0', worker: 'old', threads: 1, kernel: 'wasm' },
      reconnect: { firstConnectMs: 5_000, reconnectMs: 20_000, initialDelayMs: 5, maxDelayMs: 20 },
      clock: systemClock,
      jitter: () => 0.5,
      log: () => undefined,
    });
    expect(await session.ended).toMatchObject({ reason: 'refused', error: { code: 'NUMERICS_MISMATCH' } });
  });
});
