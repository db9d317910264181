import { beforeEach, describe, expect, it } from 'vitest';
import type { AttemptReport } from '../../../coordinator/schedule/events.js';
import type { SearchSpec } from '../../../proto/domain.js';
import { newSearch, roundSpec } from '../../support/search-fixtures.js';
import { LEASE_MS, ScheduleWorld, type VirtualWorker } from '../../support/schedule-world.js';

/* Which trials are granted together, and how many. The fixtures' networks have 4 inputs, 50 hidden units and 3 classes. */

const WEIGHTS_BYTES = (4 * 50 + 50 * 3) * 4;
const EIGHT = { sideBySide: 8, sideBySideBytes: 0 };
const CRASHED: AttemptReport = { outcome: 'crashed', message: 'boom', errorCode: 'THREAD_CRASHED' };

let world: ScheduleWorld;

beforeEach(() => {
  world = new ScheduleWorld();
});

const submit = (trials: number, changes: Partial<SearchSpec> = {}): void =>
  world.submit(newSearch('s', { rounds: [roundSpec({ trials })], ...changes }));

const join = (name: string, threads = 1, width = EIGHT): VirtualWorker => world.join(name, threads, undefined, width);

/** Trials by thread. */
const threads = (worker: VirtualWorker): number[][] => worker.busy.map((leases) => leases.map(({ trial }) => trial));

describe('trials side by side', () => {
  it('are granted together, and share one of the free threads', () => {
    submit(6);
    const worker = join('w');
    expect(threads(worker)).toEqual([[1, 2, 3, 4, 5, 6]]);
    const { token } = worker.running[0]!;
    expect(worker.running.map(({ beside }) => beside)).toEqual(Array(6).fill(token));
    expect(world.schedule.running('s').map(({ beside }) => beside)).toEqual(Array(6).fill(1));
    expect(new Set(worker.running.map((lease) => lease.token)).size).toBe(6);
  });

  it('are told by the first of them that still runs there: one that was handed back may run elsewhere by now', () => {
    submit(3);
    const worker = join('w');
    world.finish(worker, worker.running[0]!, CRASHED);
    expect(threads(join('other'))).toEqual([[1]]);
    expect(world.schedule.running('s').map(({ trial, beside }) => [trial, beside])).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
  });

  it('are as many as the worker bears: by their number, and by their weights', () => {
    submit(6);
    expect(threads(join('alone', 1, { sideBySide: 1, sideBySideBytes: 0 }))).toEqual([[1]]);
    expect(threads(join('three', 1, { sideBySide: 3, sideBySideBytes: 0 }))).toEqual([[2, 3, 4]]);
    const two = join('two', 1, { sideBySide: 8, sideBySideBytes: 3 * WEIGHTS_BYTES - 1 });
    expect(threads(two)).toEqual([[5, 6]]);
    expect(world.workers[0]?.running[0]?.beside).toBe('');
  });

  it('are one where even its weights are too many', () => {
    submit(3);
    expect(threads(join('w', 1, { sideBySide: 8, sideBySideBytes: 1 }))).toEqual([[1]]);
  });

  it('are shared among the threads, those of other workers too', () => {
    submit(8);
    world.event({ kind: 'expect', threads: 2 });
    const [a, b] = [join('a'), join('b')];
    expect([a, b].map(threads)).toEqual([[[1, 2, 3, 4]], [[5, 6, 7, 8]]]);
  });

  it('leave a trial for each other free thread', () => {
    submit(5);
    const worker = join('w', 4);
    expect(threads(worker).map(({ length }) => length)).toEqual([2, 1, 1, 1]);
  });

  it('are a fair share of what is left to train, also of what others have begun', () => {
    submit(11);
    const [a, b] = ['a', 'b'].map((name) => join(name, 1, { sideBySide: 4, sideBySideBytes: 0 })) as [
      VirtualWorker,
      VirtualWorker,
    ];
    expect([a, b].map(threads)).toEqual([[[1, 2, 3, 4]], [[5, 6, 7, 8]]]);
    // b has nearly done its own: of the three left it gets a part.
    const trials = b.running.map(({ token }) => ({ token, epoch: 19, epochs: 20 }));
    world.event({ kind: 'progress', session: b.session!, trials });
    for (const lease of a.running) world.finish(a, lease);
    expect(threads(a)).toEqual([[9, 10]]);
    for (const lease of b.running) world.finish(b, lease);
    expect(threads(b)).toEqual([[11]]);
  });

  it('leave a trial for a thread that has nearly done its own', () => {
    submit(10);
    const [a, b] = ['a', 'b'].map((name) => join(name, 1, { sideBySide: 4, sideBySideBytes: 0 })) as [
      VirtualWorker,
      VirtualWorker,
    ];
    // A tenth of each of four: less than a trial's work, but not nothing.
    const trials = b.running.map(({ token }) => ({ token, epoch: 9, epochs: 10 }));
    world.event({ kind: 'progress', session: b.session!, trials });
    for (const lease of a.running) world.finish(a, lease);
    expect(threads(a)).toEqual([[9]]);
    for (const lease of b.running) world.finish(b, lease);
    expect(threads(b)).toEqual([[10]]);
  });

  it('have the same training seed and batch size', () => {
    const parameters: SearchSpec['parameters'] = { batch_size: { distribution: 'categorical', values: [10, 20] } };
    submit(4, { trainingSeeds: [1, 2], rounds: [roundSpec({ trials: 6, parameters })] });
    const worker = join('w', 1, { sideBySide: 8, sideBySideBytes: 0 });
    const like = (number: number) => {
      const { config, seed } = world.trial('s', number);
      return JSON.stringify([config['batch_size'], seed]);
    };
    const granted = threads(worker)[0]!;
    const same = world.trials('s').filter(({ number }) => like(number) === like(1));
    expect(granted).toEqual(same.map(({ number }) => number));
    expect(granted.length).toBeGreaterThan(1);
    expect(granted.length).toBeLessThan(6);
  });

  it('keep their thread busy until the last of them has ended', () => {
    submit(6);
    const worker = join('w', 1, { sideBySide: 3, sideBySideBytes: 0 });
    const [first, second, third] = worker.running;
    world.finish(worker, second!);
    world.finish(worker, first!);
    expect(threads(worker)).toEqual([[3]]);
    world.finish(worker, third!);
    expect(threads(worker)).toEqual([[4, 5, 6]]);
  });

  it('are revoked, lost and renewed one by one', () => {
    submit(3);
    const worker = join('w');
    const [first, second, third] = worker.running;
    world.nowMs += LEASE_MS - 1;
    world.event({ kind: 'renewal', session: worker.session!, tokens: [first!.token, third!.token] });
    world.advance(1);
    expect(worker.revoked).toEqual([{ token: second!.token, reason: 'lease ended' }]);
    expect(worker.running.map(({ trial }) => trial)).toEqual([1, 3]);
    expect(world.trials('s').map(({ attempts }) => attempts.length)).toEqual([1, 1, 1]);
  });

  it('do not include one that has failed before: it runs alone in its thread', () => {
    submit(6);
    const worker = join('w', 1, { sideBySide: 3, sideBySideBytes: 0 });
    const [first, second, third] = worker.running;
    world.finish(worker, first!, CRASHED);
    world.finish(worker, second!);
    world.finish(worker, third!);
    expect(threads(worker)).toEqual([[1]]);
    expect(worker.running[0]).toMatchObject({ attempt: 2, beside: '' });
    world.finish(worker, worker.running[0]!);
    expect(threads(worker)).toEqual([[4, 5, 6]]);
  });

  it('do not include a suspect, which has its worker for itself', () => {
    submit(2);
    for (let losses = 1; losses <= 3; losses++) {
      const worker = join(`w${losses}`);
      expect(threads(worker)).toEqual([[1, 2]]);
      world.kill(worker);
      world.advance(LEASE_MS);
    }
    const worker = join('w', 2);
    expect(threads(worker)).toEqual([[1]]);
    world.finish(worker, worker.running[0]!);
    expect(threads(worker)).toEqual([[2]]);
  });

  it('let no worker hoard trials, whatever it asks for', () => {
    submit(30);
    const worker = join('w', 1, { sideBySide: 4, sideBySideBytes: 0 });
    for (let i = 0; i < 5; i++) world.event({ kind: 'demand', session: worker.session!, free: 100 });
    expect(threads(worker).map(({ length }) => length)).toEqual([4, 4]);
  });

  it('keep no thread idle that was free when the coordinator was restarted', () => {
    submit(30);
    const worker = join('w', 2, { sideBySide: 4, sideBySideBytes: 0 });
    world.restart();
    for (const lease of worker.busy[0]!) worker.held.set(lease.token, { lease, report: CRASHED }); // not heard of yet
    world.connect(worker);
    expect(worker.busy).toHaveLength(2);
    expect(worker.running.length).toBeGreaterThan(4);
  });

  it('are found quickly among many that wait', () => {
    submit(30_000, { trainingSeeds: [1, 2, 3] });
    const started = performance.now();
    const worker = join('w', 8);
    for (let i = 0; i < 500; i++) for (const lease of worker.busy[0]!) world.finish(worker, lease);
    // 500 grants: a walk over all that wait would take minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(worker.busy).toHaveLength(8);
  });
});

describe('divided trials', () => {
  const checks = (trials: number) =>
    newSearch('s', {
      rounds: [
        roundSpec({
          trials,
          trial: {
            kind: 'gradient-check',
            dataset: { name: 'tiny', train: 80 },
            hidden: 50,
            samples: { count: 5, choice: 'first' },
            lambda: 0,
            step: 1e-5,
          },
        }),
      ],
    });

  it('are granted alone, whatever a worker takes side by side', () => {
    world.submit(checks(6));
    expect(threads(join('w', 2))).toEqual([[1], [2]]);
  });

  it('are two for each worker, which all its threads run: the others wait for other workers', () => {
    world.submit(checks(6));
    const a = join('a', 8);
    expect(threads(a)).toEqual([[1], [2]]);
    const b = join('b', 8);
    expect(threads(b)).toEqual([[3], [4]]);
    world.finish(a, a.running[0]!);
    expect(threads(a)).toEqual([[2], [5]]);
    expect(world.schedule.running('s').map(({ trial, beside }) => [trial, beside])).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
  });

  it("leave a worker's other threads to other searches", () => {
    world.submit(checks(6));
    world.submit(newSearch('younger', { rounds: [roundSpec({ trials: 4 })] }));
    const worker = join('w', 4, { sideBySide: 1, sideBySideBytes: 0 });
    expect(worker.running.map(({ search, trial }) => `${search} ${trial}`)).toEqual([
      's 1',
      's 2',
      'younger 1',
      'younger 2',
    ]);
  });
});
