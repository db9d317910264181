import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GrantedLease } from '../../../coordinator/schedule/effects.js';
import { isReported, type NewSearch } from '../../../coordinator/store/records.js';
import { newSearch, roundSpec } from '../../support/search-fixtures.js';
import { LEASE_MS, resultOf, ScheduleWorld, type VirtualWorker } from '../../support/schedule-world.js';

/** Random histories of workers, streams, results and restarts, played to the schedule and its store. */

const SEARCHES: NewSearch[] = [
  newSearch('older', {
    retries: 5,
    rounds: [
      roundSpec({ trials: 4 }),
      roundSpec({
        name: 'fine',
        trials: 2,
        narrow: { kind: 'between', best: 2, margin: 0, widen: false },
        carry: { best: 1 },
      }),
    ],
  }),
  newSearch('younger', { seed: 9, retries: 5, rounds: [roundSpec({ trials: 3 })], trainingSeeds: [1, 2] }),
];
/** Below the searches' retries, so that no trial fails for good. */
const MAX_FAILURES = 4;
/** Below the ten losses that end a trial. */
const MAX_LOSSES = 8;

/** Results without any fault: one worker, one thread, one trial after the other. */
const undisturbed = (() => {
  const world = new ScheduleWorld();
  for (const search of SEARCHES) world.submit(search);
  world.join('w');
  world.runToEnd();
  return SEARCHES.map(({ id }) => world.search(id).resultDigest);
})();

type Step =
  | { kind: 'join' | 'reconnect' | 'drop' | 'kill' | 'renew' | 'finish' | 'finish unheard' | 'finish, answer lost' }
  | { kind: 'end' | 'end unheard' | 'fail' | 'crash' | 'release' | 'goodbye' | 'repeat' | 'late' | 'restart' | 'ask' }
  | { kind: 'pass'; ms: number };

/** `pick` chooses among the workers or leases that are there. */
const step: fc.Arbitrary<{ step: Step; pick: number }> = fc.record({
  step: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Step>({ kind: 'join' }, { kind: 'reconnect' }, { kind: 'finish' }) },
    {
      weight: 10,
      arbitrary: fc.constantFrom<Step>(
        { kind: 'drop' },
        { kind: 'kill' },
        { kind: 'renew' },
        { kind: 'finish' },
        { kind: 'finish unheard' },
        { kind: 'finish, answer lost' },
        { kind: 'end' },
        { kind: 'end unheard' },
        { kind: 'fail' },
        { kind: 'crash' },
        { kind: 'release' },
        { kind: 'goodbye' },
        { kind: 'repeat' },
        { kind: 'late' },
        { kind: 'restart' },
        { kind: 'ask' },
      ),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(1, LEASE_MS / 2, LEASE_MS - 1, LEASE_MS).map((ms): Step => ({ kind: 'pass', ms })),
    },
  ),
  pick: fc.nat(),
});

/** What workers bear side by side: nothing, by number, by the weights of two of the trials. */
const WIDTHS = [
  { sideBySide: 1, sideBySideBytes: 0 },
  { sideBySide: 3, sideBySideBytes: 0 },
  { sideBySide: 8, sideBySideBytes: 0 },
  { sideBySide: 8, sideBySideBytes: 2 * (4 * 50 + 50 * 3) * 4 },
];
const LOSSES_OF_A_SUSPECT = 3;

class History {
  readonly world = new ScheduleWorld();
  /** Every token that was ever granted, with the worker it was granted to. */
  private readonly granted = new Map<string, { worker: VirtualWorker; lease: Parameters<typeof resultOf>[0] }>();
  private failures = 0;
  private losses = 0;
  private names = 0;

  constructor() {
    for (const search of SEARCHES) this.world.submit(search);
  }

  play(kind: Step, pick: number): void {
    const { world } = this;
    const of = <T>(list: readonly T[]): T | undefined => list[pick % Math.max(1, list.length)];
    const worker = of(world.workers);
    const lease = worker === undefined ? undefined : of(worker.running);
    const connected = worker?.session !== undefined;
    switch (kind.kind) {
      case 'join':
        if (world.workers.length < 4) {
          world.join(`w${this.names++}-`, 1 + (pick % 2), undefined, WIDTHS[pick % WIDTHS.length]);
        }
        break;
      case 'reconnect':
        if (worker !== undefined) world.connect(worker);
        break;
      case 'drop':
        if (worker !== undefined) world.drop(worker);
        break;
      case 'kill':
        if (worker !== undefined) world.kill(worker);
        break;
      case 'renew':
        if (worker !== undefined) world.renew(worker);
        break;
      case 'finish':
        if (worker !== undefined && lease !== undefined) world.finish(worker, lease);
        break;
      case 'finish unheard': // the stream broke before the result arrived
        if (worker === undefined || lease === undefined) break;
        world.drop(worker);
        worker.held.set(lease.token, { lease, report: resultOf(lease) });
        break;
      case 'finish, answer lost': // it broke before the acknowledgement arrived
        if (worker === undefined || lease === undefined || !connected) break;
        world.finish(worker, lease, resultOf(lease), false);
        world.drop(worker);
        break;
      case 'end': // of the process, which is known before or after the end of its stream
      case 'end unheard':
        if (worker === undefined || this.losses++ >= MAX_LOSSES) break;
        if (kind.kind === 'end') world.drop(worker);
        world.event({ kind: 'workers-gone', namesBegin: worker.name });
        world.kill(worker);
        break;
      case 'fail':
      case 'crash':
        if (worker === undefined || lease === undefined || !connected || this.failures === MAX_FAILURES) break;
        this.failures++;
        world.finish(worker, lease, {
          outcome: kind.kind === 'fail' ? 'failed' : 'crashed',
          message: 'boom',
          errorCode: 'INTERNAL',
        });
        break;
      case 'release':
        if (worker === undefined || lease === undefined || !connected) break;
        worker.held.delete(lease.token);
        world.event({ kind: 'release', session: worker.session!, tokens: [lease.token] });
        world.demand(worker);
        break;
      case 'goodbye':
        if (worker === undefined || !connected) break;
        world.event({ kind: 'goodbye', session: worker.session! });
        world.kill(worker);
        break;
      case 'repeat': // of a result that was acknowledged
        if (worker !== undefined && connected) {
          const token = of(worker.acknowledged);
          const { lease: former } = this.granted.get(token ?? '') ?? {};
          if (token !== undefined && former !== undefined) world.result(worker, token, resultOf(former));
        }
        break;
      case 'late': // with any token there ever was, from anybody
        if (worker !== undefined && connected) {
          const found = of([...this.granted]);
          if (found !== undefined && !worker.held.has(found[0])) {
            world.result(worker, found[0], {
              outcome: 'completed',
              results: { ...resultOf(found[1].lease).results, metrics: {} },
            });
          }
        }
        break;
      case 'restart':
        world.restart();
        break;
      case 'ask': // everybody for what they can run
        for (const each of world.workers) world.demand(each);
        this.checkNobodyWaits();
        break;
      case 'pass':
        if (this.losses++ < MAX_LOSSES) world.advance(kind.ms);
        break;
    }
    this.remember();
  }

  /** Leases that share a thread are of one search, round and seed, no more than the thread bears, and none of a suspect. */
  private checkTogether({ width }: VirtualWorker, leases: readonly GrantedLease[]): void {
    const bytes = width.sideBySideBytes === 0 ? Infinity : width.sideBySideBytes;
    expect(leases.length).toBeLessThanOrEqual(Math.min(width.sideBySide, Math.max(1, Math.floor(bytes / 1400))));
    expect(new Set(leases.map(({ search, seed }) => `${search} ${seed}`)).size).toBe(1);
    if (leases.length === 1) return;
    for (const { search, trial, attempt } of leases) {
      const { attempts } = this.world.trial(search, trial);
      const before = attempts.filter(({ number }) => number < attempt).map(({ end }) => end);
      expect(before.every((end) => end !== 'failed' && end !== 'thread crashed')).toBe(true);
      expect(isSuspect(before)).toBe(false);
    }
  }

  /** No thread is idle while a trial that it could run waits, unless a suspect is or waits to be alone. */
  private checkNobodyWaits(): void {
    const { world } = this;
    const open = SEARCHES.filter(({ id }) => world.state(id) === 'running').flatMap(({ id }) => world.trials(id));
    const ends = open.map(({ attempts }) => attempts.map(({ end }) => end));
    const suspects = open.filter(({ state }, i) => state === 'pending' && isSuspect(ends[i]!.filter(Boolean)));
    const waiting = open.filter(({ state }, i) => state === 'pending' && !ends[i]!.includes(undefined));
    if (suspects.length > 0 || waiting.length === 0) return;
    for (const { session, free, threads, held } of world.workers) {
      if (session !== undefined && held.size < threads) expect(free).toBe(0);
    }
  }

  private remember(): void {
    for (const worker of this.world.workers) {
      for (const [token, { lease }] of worker.held) {
        if (!this.granted.has(token)) this.granted.set(token, { worker, lease });
      }
    }
  }

  /** What must hold whatever happens. */
  check(): void {
    const { world } = this;
    for (const { id } of SEARCHES) {
      for (const trial of world.trials(id)) {
        const ends = trial.attempts.map(({ end }) => end);
        const counting = ends.filter((end) => end === 'completed' || end === 'diverged');
        const live = ends.filter((end) => end === undefined);
        expect(counting.length).toBe(trial.state === 'completed' || trial.state === 'diverged' ? 1 : 0);
        expect(live.length).toBeLessThanOrEqual(1);
        if (trial.state !== 'pending') expect(live).toEqual([]);
        if (counting.length > 0) expect(trial.state).toBe(counting[0]);
      }
      // The schedule's picture and the store's are one.
      const leased = world.trials(id).filter(({ attempts }) => attempts.some(({ end }) => end === undefined));
      expect(world.schedule.running(id).map(({ trial }) => trial)).toEqual(leased.map(({ number }) => number));
    }
    for (const worker of world.workers) {
      for (const leases of worker.busy) this.checkTogether(worker, leases);
      for (const token of worker.acknowledged) {
        const end = world.store.attemptEnd(token);
        expect(end !== undefined && end !== 'running' && isReported(end), `${token} ended: ${end}`).toBe(true);
      }
    }
  }
}

function isSuspect(ends: readonly unknown[]): boolean {
  const last = ends.slice(-LOSSES_OF_A_SUSPECT);
  return last.length === LOSSES_OF_A_SUSPECT && last.every((end) => end === 'worker lost');
}

describe('any history of faults', () => {
  it('loses no trial, counts no attempt twice, ends once the faults stop, and gives the same results', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const history = new History();
        for (const { step: kind, pick } of steps) {
          history.play(kind, pick);
          history.check();
        }
        const { world } = history;
        world.join('steady', 2, undefined, WIDTHS[steps.length % WIDTHS.length]);
        world.runToEnd();
        history.check();
        expect(SEARCHES.map(({ id }) => [id, world.state(id), world.search(id).resultDigest])).toEqual(
          SEARCHES.map(({ id }, i) => [id, 'completed', undisturbed[i]]),
        );
        world.store.close();
      }),
      { numRuns: 150 },
    );
  });

  it('has results that depend on the seed', () => {
    const world = new ScheduleWorld();
    const [search] = SEARCHES;
    world.submit({ ...search!, spec: { ...search!.spec, seed: 43 } });
    world.join('w');
    world.runToEnd();
    expect(world.search('older').resultDigest).not.toBe(undisturbed[0]);
  });
});
