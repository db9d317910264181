import { beforeEach, describe, expect, it } from 'vitest';
import { openRound } from '../../../coordinator/search/open-round.js';
import type { AttemptReport } from '../../../coordinator/schedule/events.js';
import type { SearchSpec } from '../../../proto/domain.js';
import { newSearch, roundSpec, searchSpec, trialResults } from '../../support/search-fixtures.js';
import { LEASE_MS, ScheduleWorld, type VirtualWorker } from '../../support/schedule-world.js';

let world: ScheduleWorld;

beforeEach(() => {
  world = new ScheduleWorld();
});

const oneRound = (trials: number, changes: Partial<SearchSpec> = {}) =>
  newSearch('s', { rounds: [roundSpec({ trials })], ...changes });

const failed = (message: string, errorCode = '', outcome: 'failed' | 'crashed' = 'failed'): AttemptReport => ({
  outcome,
  message,
  errorCode,
});
const completed = (score: number, weightsBlob = ''): AttemptReport => ({
  outcome: 'completed',
  results: trialResults(score, { weightsBlob }),
});

function next(worker: VirtualWorker) {
  const [lease] = worker.running;
  if (lease === undefined) throw new Error(`${worker.name} runs nothing`);
  return lease;
}

describe('rounds', () => {
  it('open one after the other, ranked and narrowed by their results; trials are numbered through', () => {
    world.submit(newSearch('s'));
    const worker = world.join('w');
    for (const score of [0.2, 0.9, 0.5]) world.finish(worker, next(worker), completed(score));
    const [coarse, fine] = world.search('s').rounds;
    expect(coarse).toMatchObject({ closed: true, name: 'coarse' });
    expect(fine).toMatchObject({ closed: false, name: 'fine' });
    expect(fine!.trials.map(({ number, carriedFrom }) => [number, carriedFrom])).toEqual([
      [4, 2],
      [5, 0],
      [6, 0],
    ]);
    const expected = openRound(newSearch('s').spec, [
      {
        ...openedCoarse(),
        trials: coarse!.trials.map((trial) => ({ ...trial, state: 'completed' as const })),
      },
    ]);
    expect(fine).toMatchObject({ interval: 'interval' in expected ? expected.interval : undefined });
    expect(world.store.summary('s')).toMatchObject({ trialsTotal: 6, trialsDone: 3, state: 'running' });
    for (const score of [0.9, 0.8, 0.7]) world.finish(worker, next(worker), completed(score));
    expect(world.store.summary('s')).toMatchObject({ state: 'completed', trialsDone: 6, message: '' });
    expect(world.search('s').resultDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('do not depend on the order in which trials end', () => {
    const digests = [
      [0, 0, 0],
      [2, 1, 0],
      [1, 1, 0],
    ].map((order) => {
      world = new ScheduleWorld();
      world.submit(newSearch('s'));
      const worker = world.join('w', 3);
      const scores: Record<number, number> = { 1: 0.2, 2: 0.9, 3: 0.9, 4: 0.1, 5: 0.3, 6: 0.2 };
      for (const index of [...order, ...order]) {
        const lease = worker.running.toSorted((a, b) => a.trial - b.trial)[index]!;
        world.finish(worker, lease, completed(scores[lease.trial]!));
      }
      expect(world.state('s')).toBe('completed');
      return world.search('s').resultDigest;
    });
    expect(new Set(digests).size).toBe(1);
  });

  it('that cannot be narrowed end the search with a message', () => {
    world.submit(newSearch('s'));
    const worker = world.join('w');
    for (let i = 0; i < 3; i++) world.finish(worker, next(worker), { outcome: 'diverged', results: trialResults(NaN) });
    expect(world.store.summary('s')).toMatchObject({ state: 'failed', message: expect.stringContaining('"coarse"') });
    expect(world.search('s').resultDigest).toBe('');
  });

  it('that cannot be planned at all fail their search alone', () => {
    world.submit(newSearch('broken', { rounds: [roundSpec({ method: 'unheard-of' as never })] }));
    expect(world.store.summary('broken')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('cannot be planned'),
    });
    world.submit(oneRound(1));
    world.finish(world.join('w'), next(world.workers[0]!), completed(1));
    expect(world.state('s')).toBe('completed');
  });
});

function openedCoarse() {
  const opened = openRound(searchSpec(), []);
  if ('impossible' in opened) throw new Error(opened.impossible);
  return opened;
}

describe('failures of the program', () => {
  it('are tried again so often as the file says, then the trial has failed', () => {
    world.submit(oneRound(2, { retries: 3 }));
    const worker = world.join('w');
    for (let i = 0; i < 3; i++) {
      expect(next(worker)).toMatchObject({ trial: 1, attempt: i + 1 });
      world.finish(worker, next(worker), i === 1 ? failed('boom', '', 'crashed') : failed('boom', 'TRIAL_INVALID'));
    }
    const { state, attempts } = world.trial('s', 1);
    expect(state).toBe('failed');
    expect(attempts.map(({ end, message }) => [end, message])).toEqual([
      ['failed', 'boom [TRIAL_INVALID]'],
      ['thread crashed', 'boom'],
      ['failed', 'boom [TRIAL_INVALID]'],
    ]);
    expect(worker.acknowledged).toHaveLength(3);
    world.finish(worker, next(worker), completed(0.5)); // the other trial
    expect(world.state('s')).toBe('completed');
  });

  it('count over a restart of the coordinator', () => {
    world.submit(oneRound(2, { retries: 2 }));
    const worker = world.join('w');
    world.finish(worker, next(worker), failed('boom'));
    worker.held.clear();
    world.restart();
    world.advance(LEASE_MS);
    world.connect(worker);
    world.finish(worker, next(worker), failed('boom'));
    expect(world.trial('s', 1).state).toBe('failed');
  });

  it('end the search where the file says stop; what else ran is called off', () => {
    world.submit(oneRound(3, { retries: 1, onFailure: 'stop' }));
    const [a, b] = [world.join('a'), world.join('b')];
    const other = next(b);
    world.finish(a, next(a), failed('boom', 'INTERNAL'));
    expect(world.store.summary('s')).toMatchObject({
      state: 'failed',
      message: 'trial 1 failed: boom [INTERNAL]',
      trialsDone: 3,
    });
    expect(world.trials('s').map(({ state }) => state)).toEqual(['failed', 'cancelled', 'cancelled']);
    expect(b.revoked).toEqual([{ token: other.token, reason: 'cancelled' }]);
  });

  it('of every trial of a round fail the search', () => {
    world.submit(oneRound(2, { retries: 1 }));
    const worker = world.join('w');
    world.finish(worker, next(worker), failed('a'));
    world.finish(worker, next(worker), failed('b'));
    expect(world.store.summary('s')).toMatchObject({
      state: 'failed',
      message: 'round "coarse": every trial failed; trial 2 failed: b',
    });
  });
});

describe("a worker's own failures", () => {
  it('use up no tries; the worker gets no more of that data, others do', () => {
    world.submit(oneRound(1, { retries: 1 }));
    const broken = world.join('broken');
    world.finish(broken, next(broken), failed('data_batch_1.bin differs', 'DATASET_CORRUPT'));
    expect(world.trial('s', 1)).toMatchObject({ state: 'pending', attempts: [{ end: 'refused' }] });
    expect(broken.acknowledged).toHaveLength(1);
    world.demand(broken);
    expect(broken.running).toEqual([]);
    expect(world.schedule.obstacle('s')).toEqual({
      code: 'DATASET_CORRUPT',
      message: 'no connected worker can use data set tiny; worker broken: data_batch_1.bin differs',
    });
    const sound = world.join('sound');
    expect(world.schedule.obstacle('s')).toBeUndefined();
    world.finish(sound, next(sound), completed(0.5));
    expect(world.state('s')).toBe('completed');
  });
});

describe('lost workers', () => {
  function lose(worker: VirtualWorker): void {
    world.kill(worker);
    world.advance(LEASE_MS);
  }

  it('use up no tries', () => {
    world.submit(oneRound(1, { retries: 1 }));
    for (let i = 0; i < 9; i++) lose(world.join(`w${i}`));
    const last = world.join('last');
    expect(next(last)).toMatchObject({ trial: 1, attempt: 10 });
    world.finish(last, next(last), completed(0.5));
    expect(world.trial('s', 1).state).toBe('completed');
  });

  it('end a trial as failed after ten in a row that ran nothing else, restarts or not', () => {
    world.submit(oneRound(1, { retries: 1 }));
    for (let i = 0; i < 10; i++) {
      expect(world.trial('s', 1).state).toBe('pending');
      lose(world.join(`w${i}`));
      if (i === 4) world.restart();
    }
    expect(world.trial('s', 1).state).toBe('failed');
    expect(world.store.summary('s')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('took down 10 workers in a row'),
    });
  });

  it('count only in a row', () => {
    world.submit(oneRound(1, { retries: 5 }));
    for (let i = 0; i < 9; i++) lose(world.join(`w${i}`));
    const failing = world.join('failing');
    world.finish(failing, next(failing), failed('boom'));
    world.kill(failing);
    world.advance(LEASE_MS);
    for (let i = 0; i < 8; i++) lose(world.join(`v${i}`));
    expect(world.trial('s', 1).state).toBe('pending');
  });

  it('blame no trial that ran beside others; after three losses it runs alone', () => {
    world.submit(oneRound(2, { retries: 1 }));
    for (let i = 0; i < 3; i++) {
      const worker = world.join(`w${i}`, 2);
      expect(worker.running).toHaveLength(2);
      lose(worker);
    }
    expect(world.trial('s', 1).attempts.map(({ alone }) => alone)).toEqual([false, false, false]);
    const careful = world.join('careful', 2);
    expect(careful.running.map(({ trial }) => trial)).toEqual([1]);
    world.finish(careful, next(careful), completed(0.5));
    expect(careful.running.map(({ trial }) => trial)).toEqual([2]);
  });

  it('keep a suspect from starving behind younger searches', () => {
    world.submit(oneRound(2, { retries: 1 }));
    world.submit(newSearch('younger', { seed: 1 }));
    for (let i = 0; i < 3; i++) lose(world.join(`w${i}`, 2));
    const worker = world.join('w', 2);
    expect(worker.running).toMatchObject([{ search: 's', trial: 1 }]);
    world.finish(worker, next(worker), completed(0.5));
    expect(worker.running).toMatchObject([{ search: 's', trial: 2 }]);
    world.finish(worker, next(worker), completed(0.6));
    world.demand(worker);
    expect(worker.running.map(({ search }) => search)).toEqual(['younger', 'younger']);
  });
});

describe('cancelling', () => {
  it('ends the search and revokes what runs; its late results change nothing', () => {
    world.submit(newSearch('s'));
    const worker = world.join('w');
    const lease = next(worker);
    world.event({ kind: 'cancel', search: 's' });
    expect(world.store.summary('s')).toMatchObject({ state: 'cancelled', trialsDone: 3 });
    expect(world.trials('s').map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(worker.revoked).toEqual([{ token: lease.token, reason: 'cancelled' }]);
    world.result(worker, lease.token, completed(0.9));
    expect(worker.revoked.at(-1)).toEqual({ token: lease.token, reason: 'cancelled' });
    world.event({ kind: 'cancel', search: 's' });
    world.event({ kind: 'cancel', search: 'unknown' });
    expect(world.effects.writes).toEqual([]);
    expect(world.store.runningSearches()).toEqual([]);
  });
});

describe('one search only', () => {
  it('is granted trials when that is asked for; the others wait', () => {
    world.submit(newSearch('older'));
    world.submit(newSearch('wanted', { seed: 1 }));
    world.event({ kind: 'focus', search: 'wanted' });
    const worker = world.join('w', 4);
    expect(worker.running.map(({ search, trial }) => [search, trial])).toEqual([
      ['wanted', 1],
      ['wanted', 2],
      ['wanted', 3],
    ]);
    expect(world.schedule.obstacle('wanted')).toBeUndefined();
    expect(world.schedule.obstacle('older')).toMatchObject({ code: 'STORE_LOCKED' });
    world.event({ kind: 'cancel', search: 'wanted' });
    world.demand(worker);
    expect(worker.running).toEqual([]);
    expect(world.state('older')).toBe('running');
  });
});

describe('a search that another version of the numerics began', () => {
  it('is granted no trial, since its other trials have other bits, and says so', () => {
    world.submit({ ...newSearch('former'), numericsVersion: 'earlier' });
    world.submit(newSearch('present', { seed: 1 }));
    const worker = world.join('w', 10);
    expect(worker.running.map(({ search }) => search)).toEqual(['present', 'present', 'present']);
    expect(world.schedule.obstacle('former')).toMatchObject({
      code: 'NUMERICS_MISMATCH',
      message: expect.stringContaining('it began by numerics earlier, and this vernier computes by '),
    });
    world.restart();
    world.connect(worker);
    expect(worker.running.map(({ search }) => search)).toEqual(['present', 'present', 'present']);
    world.event({ kind: 'cancel', search: 'former' });
    expect(world.state('former')).toBe('cancelled');
  });
});

describe('a store without room', () => {
  it('starts nothing and ends no lease until there is room', () => {
    world.submit(newSearch('s'));
    const worker = world.join('w', 2);
    world.event({ kind: 'store-full' });
    expect(world.schedule.obstacle('s')).toMatchObject({ code: 'STORE_FULL' });
    world.finish(worker, next(worker), completed(0.5));
    expect(worker.running).toHaveLength(1);
    world.nowMs += 10 * LEASE_MS;
    world.event({ kind: 'tick' });
    expect(world.trial('s', 2).attempts).toMatchObject([{ end: undefined }]);
    world.renew(worker);
    expect(worker.renewed).toHaveLength(1);
    world.nowMs += 10 * LEASE_MS;
    world.event({ kind: 'store-writable' });
    expect(worker.running.map(({ trial }) => trial)).toEqual([2, 3]);
    world.advance(LEASE_MS - 1);
    expect(world.trial('s', 2).attempts).toMatchObject([{ end: undefined }]);
  });
});

describe('progress', () => {
  it('is shown while a trial runs and stored nowhere', () => {
    world.submit(newSearch('s'));
    const worker = world.join('w');
    const { token } = next(worker);
    const session = worker.session!;
    world.event({
      kind: 'progress',
      session,
      trials: [
        { token, epoch: 3, epochs: 8 },
        { token: 'made-up', epoch: 1, epochs: 1 },
      ],
    });
    expect(world.effects.writes).toEqual([]);
    expect([...world.effects.changed]).toEqual(['s']);
    expect(world.schedule.running('s')).toEqual([
      { trial: 1, attempt: 1, beside: 1, worker: 'w', epoch: 3, epochs: 8 },
    ]);
    world.event({ kind: 'progress', session, trials: [{ token, epoch: 5, epochs: 64, inParts: true }] });
    expect(world.schedule.running('s')[0]).toMatchObject({ epoch: 5, epochs: 64, inParts: true });
  });
});
