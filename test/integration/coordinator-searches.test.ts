import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../proto/canonical.js';
import { resultDigest, type DigestTrial } from '../../proto/digest.js';
import type { Hello } from '../../proto/generated/vernier/v1/Hello.js';
import type { SubmitSearchRequest } from '../../proto/generated/vernier/v1/SubmitSearchRequest.js';
import { thisMachine } from '../../proto/machine.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import { metricsFromWire, parametersFromWire, trialStateFromWire } from '../../proto/wire.js';
import { call, CoordinatorFixture, TINY_SEARCH, type SearchesApi } from '../support/coordinator-fixture.js';
import { ManualClock } from '../support/manual-clock.js';
import { ScriptedWorker } from '../support/scripted-worker.js';
import { TINY_DATA, TINY_MACHINE } from '../support/search-fixtures.js';

const IMAGE = { channels: 1, height: 2, width: 2, order: 'planar' };

let fixture: CoordinatorFixture;
let address: string;
let searches: SearchesApi;

beforeEach(async () => {
  fixture = new CoordinatorFixture();
  ({ address } = await fixture.start());
  searches = fixture.searches(address);
});

afterEach(() => fixture.dispose());

async function runAll(hello: Partial<Hello> = {}): Promise<void> {
  const worker = await ScriptedWorker.join(address, hello);
  void worker.runAll();
}

describe('submitting', () => {
  it('stores the search and opens its first round', async () => {
    const { search, created } = await searches.submit();
    expect(created).toBe(true);
    expect(search).toMatchObject({
      name: 'tiny-search',
      seed: 42,
      state: 'SEARCH_RUNNING',
      trialsTotal: 6,
      trialsDone: 0,
    });
    expect(search?.id).toMatch(/^[a-z0-9]{10}$/);
    const detail = await searches.get(search!.id);
    expect(detail).toMatchObject({ specYaml: TINY_SEARCH, resultDigest: '', best: null });
    expect(JSON.parse(detail.specJson)).toMatchObject({ name: 'tiny-search', seed: 42 });
    expect(detail.rounds).toHaveLength(1);
    expect(detail.rounds[0]).toMatchObject({
      name: 'coarse',
      state: 'ROUND_OPEN',
      interval: { lambda: { min: 1e-5, max: 0.1 } },
    });
    expect(detail.rounds[0]?.trials.map(({ number, state }) => [number, state])).toEqual([
      [1, 'TRIAL_PENDING'],
      [2, 'TRIAL_PENDING'],
      [3, 'TRIAL_PENDING'],
    ]);
  });

  it('the same again gives the stored search, unless it is to be repeated', async () => {
    const first = await searches.submitted();
    expect(await searches.submit({ specYaml: `# a comment\n${TINY_SEARCH}` })).toMatchObject({
      search: { id: first },
      created: false,
    });
    const again = await searches.submit({ again: true });
    expect(again.created).toBe(true);
    expect(again.search!.id).not.toBe(first);
    expect((await searches.submit()).search!.id).toBe(again.search!.id);
  });

  it('over other data or with another seed is another search; seed 0 is a seed', async () => {
    const ids = [
      await searches.submitted(),
      await searches.submitted({ datasets: [{ ...TINY_DATA, sha256: 'ab'.repeat(32) }] }),
      await searches.submitted({ seed: 0 }),
    ];
    expect(new Set(ids).size).toBe(3);
    expect((await searches.get(ids[2]!)).search?.seed).toBe(0);
  });

  it('tells every mistake of a file, and stores nothing', async () => {
    const wrong = TINY_SEARCH.replace('seed: 42', 'sead: 42')
      .replace('min: 1.0e-5', 'min: 1')
      .replace('trials: 3', 'trials: -1');
    await expect(searches.submit({ specYaml: wrong })).rejects.toMatchObject({ code: 'SPEC_INVALID' });
    const error = await searches.submit({ specYaml: wrong }).catch((reason: unknown) => reason);
    expect((error as { problems: unknown[] }).problems.length).toBeGreaterThanOrEqual(3);
    const { searches: listed } = await call<{ searches: unknown[] }>((done) => searches.client.listSearches({}, done));
    expect(listed).toEqual([]);
  });

  it('is told how records are images, which flips need', async () => {
    const flips = TINY_SEARCH.replace('  batch_size:', '  horizontal_flips: true\n  batch_size:');
    expect(flips).not.toBe(TINY_SEARCH);
    await expect(searches.submit({ specYaml: flips })).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      problems: [{ rule: 'flips-without-images' }],
    });
    const datasets = [{ ...TINY_DATA, image: IMAGE }];
    expect(await searches.submit({ specYaml: flips, datasets })).toMatchObject({ created: true });
  });

  it('refuses what no file or data set can be', async () => {
    const wrong: [Partial<SubmitSearchRequest>, string][] = [
      [{ specYaml: `# ${'x'.repeat(1024 * 1024)}` }, 'USAGE'],
      [{ seed: NaN }, 'USAGE'],
      [{ seed: -1 }, 'USAGE'],
      [{ seed: 1.5 }, 'USAGE'],
      [{ datasets: [{ ...TINY_DATA, name: '../x' }] }, 'USAGE'],
      [{ datasets: [{ ...TINY_DATA, sha256: 'short' }] }, 'USAGE'],
      [{ datasets: [{ ...TINY_DATA, image: { ...IMAGE, width: 3 } }] }, 'USAGE'],
      [{ datasets: [{ ...TINY_DATA, image: { ...IMAGE, order: 'columns' } }] }, 'USAGE'],
      [{ specYaml: '' }, 'SPEC_INVALID'],
      [{ specYaml: '\u0000' }, 'SPEC_INVALID'],
    ];
    for (const [request, code] of wrong) {
      await expect(searches.submit(request), JSON.stringify(request).slice(0, 80)).rejects.toMatchObject({ code });
    }
  });
});

describe('reading', () => {
  it('takes any beginning of an id that one search has', async () => {
    const id = await searches.submitted();
    for (let length = 1; length <= id.length; length++) {
      expect((await searches.get(id.slice(0, length))).search?.id).toBe(id);
    }
    for (const unknown of ['', '%', `${id}x`, 'x'.repeat(1000)]) {
      await expect(searches.get(unknown)).rejects.toMatchObject({ code: 'SEARCH_NOT_FOUND' });
    }
  });

  it('tells when several searches begin so', async () => {
    const ids = [];
    // Of 37 ids two begin with the same of 36 letters.
    for (let seed = 0; seed < 37; seed++) ids.push(await searches.submitted({ seed }));
    const letters = ids.map((id) => id[0]!);
    const shared = letters.find((letter, i) => letters.indexOf(letter) !== i)!;
    await expect(searches.get(shared)).rejects.toMatchObject({
      code: 'SEARCH_AMBIGUOUS',
      message: expect.stringContaining(ids.find((id) => id.startsWith(shared))!.slice(0, 1)),
    });
  });

  it('lists searches in pages, newest first', async () => {
    const ids = [];
    for (let seed = 0; seed < 5; seed++) ids.unshift(await searches.submitted({ seed }));
    const listed: string[] = [];
    let pageToken = '';
    do {
      const page = await call<{ searches: { id: string }[]; nextPageToken: string }>((done) =>
        searches.client.listSearches({ pageSize: 2, pageToken }, done),
      );
      expect(page.searches.length).toBeLessThanOrEqual(2);
      listed.push(...page.searches.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(listed).toEqual(ids);
    const odd = call((done) => searches.client.listSearches({ pageToken: 'x' }, done));
    await expect(odd).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a search that is run', () => {
  it('completes with the digest of its results; epochs and settings come where asked for', async () => {
    const id = await searches.submitted();
    const watch = searches.watch(id);
    await runAll({ machine: TINY_MACHINE });
    await watch.until(({ search }) => search?.state === 'SEARCH_COMPLETED');
    expect(await watch.ended).toBeUndefined();
    const detail = await searches.get(id, { epochs: true, configs: true });
    const trials = detail.rounds.flatMap((round) => round.trials);
    expect(detail.search).toMatchObject({ state: 'SEARCH_COMPLETED', trialsDone: 6, trialsTotal: 6, message: '' });
    expect(trials.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(detail.resultDigest).toBe(
      resultDigest(
        trials.map((trial): DigestTrial => ({
          number: trial.number,
          parameters: parametersFromWire(trial.parameters),
          seed: trial.seed,
          state: trialStateFromWire(trial.state) as DigestTrial['state'],
          epochs: trial.epochs.map(({ epoch, metrics }) => ({ epoch, metrics: metricsFromWire(metrics) })),
          metrics: metricsFromWire(trial.metrics),
          weightsSha256: trial.weightsSha256,
        })),
      ),
    );
    const fine = detail.rounds[1]!.trials;
    const scores = fine
      .map(({ metrics }) => metricsFromWire(metrics)['val_accuracy']!)
      .filter((score) => !Number.isNaN(score));
    expect(detail.best).toMatchObject({ round: 'fine', score: Math.max(...scores) });
    expect(trials[0]).toMatchObject({
      datasetSha256: TINY_DATA.sha256,
      attempts: [{ number: 1, worker: 'w-1', kernel: 'wasm', machine: 2 }],
    });
    expect(detail).toMatchObject({
      fileName: 'tiny.yaml',
      fileSha256: sha256Hex(TINY_SEARCH),
      numericsVersion: NUMERICS_VERSION,
      datasets: [TINY_DATA],
      machines: [thisMachine(), TINY_MACHINE],
      takenBy: 1,
    });
    expect(JSON.parse(trials[0]!.configJson)).toMatchObject({ kind: 'two-layer', lambda: expect.any(Number) });
    const plain = await searches.get(id);
    expect(plain.rounds[0]?.trials[0]).toMatchObject({ epochs: [], configJson: '', datasetSha256: '' });
    expect((await searches.submit()).created).toBe(false);
  });

  it('takes a worker that does not tell what it runs on', async () => {
    const id = await searches.submitted();
    const watch = searches.watch(id);
    await runAll();
    await watch.until(({ search }) => search?.state === 'SEARCH_COMPLETED');
    const detail = await searches.get(id);
    expect(detail.machines).toEqual([thisMachine()]);
    expect(detail.rounds[0]?.trials[0]?.attempts[0]).toMatchObject({ kernel: 'wasm', machine: 0 });
  });

  it('gives the same digest on any number of workers', async () => {
    const digests: string[] = [];
    for (const count of [1, 3]) {
      const id = await searches.submitted({ again: true });
      const watch = searches.watch(id);
      const workers = await Promise.all(
        Array.from({ length: count }, (_, i) => ScriptedWorker.join(address, { worker: `w-${count}-${i}` })),
      );
      for (const worker of workers) void worker.runAll();
      await watch.ended;
      for (const worker of workers) worker.drop();
      digests.push((await searches.get(id)).resultDigest);
    }
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
  });
});

describe('watching', () => {
  it('shows the present state at once, then workers, running trials with their epochs, and the end', async () => {
    const id = await searches.submitted();
    const watch = searches.watch(id);
    const first = await watch.until(() => true);
    expect(first).toMatchObject({
      search: { id, state: 'SEARCH_RUNNING' },
      running: [],
      best: null,
      workers: 0,
      threads: 0,
    });
    const worker = await ScriptedWorker.join(address, { threads: 2 });
    await watch.until(({ workers, threads }) => workers === 1 && threads === 2);
    worker.demand(1);
    const lease = await worker.lease();
    worker.send({ progress: { trials: [{ token: lease.token, epochsTotal: 9, epochs: [{ epoch: 4 }] }] } });
    await watch.until(({ running }) => running[0]?.epoch === 4 && running[0].epochs === 9 && !running[0].inParts);
    worker.send({ progress: { trials: [{ token: lease.token, partsDone: 12, partsTotal: 64 }] } });
    await watch.until(({ running }) => running[0]?.epoch === 12 && running[0].epochs === 64 && running[0].inParts);
    worker.finish(lease, { outcome: 'OUTCOME_COMPLETED', metrics: [{ name: 'val_accuracy', value: 0.5 }], free: 0 });
    const best = await watch.until((event) => event.best !== null);
    expect(best).toMatchObject({ best: { round: 'coarse', number: 1, score: 0.5 }, search: { trialsDone: 1 } });
    await call((done) => searches.client.cancelSearch({ id }, done));
    await watch.until(({ search }) => search?.state === 'SEARCH_CANCELLED');
    expect(await watch.ended).toBeUndefined();
    expect(await worker.next('acknowledged')).toEqual({ tokens: [lease.token] });
  });

  it('makes few events of many changes, the last state among them', async () => {
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const { token } = await worker.lease();
    const watch = searches.watch(id);
    await watch.until(() => true);
    for (let epoch = 1; epoch <= 500; epoch++) {
      worker.send({ progress: { trials: [{ token, epochsTotal: 500, epochs: [{ epoch }] }] } });
    }
    await watch.until(({ running }) => running[0]?.epoch === 500);
    expect(watch.events.length).toBeLessThan(100);
  });

  it('of a search that has ended is one event', async () => {
    const id = await searches.submitted();
    await call((done) => searches.client.cancelSearch({ id }, done));
    const watch = searches.watch(id.slice(0, 4));
    expect(await watch.ended).toBeUndefined();
    expect(watch.events).toMatchObject([{ search: { state: 'SEARCH_CANCELLED' } }]);
  });

  it('of no search is refused', async () => {
    expect(await searches.watch('nothing').ended).toMatchObject({ code: 'SEARCH_NOT_FOUND' });
  });

  it('delivers the last state, although the coordinator stops at once', async () => {
    // Its time stands still, so that no event would follow the first by itself.
    const { address: other } = await fixture.start({ clock: new ManualClock(), store: `${fixture.store}-2` });
    const api = fixture.searches(other);
    const id = await api.submitted();
    const watch = api.watch(id);
    await watch.until(() => true);
    await call((done) => api.client.cancelSearch({ id }, done));
    expect(watch.events).toHaveLength(1);
    await fixture.closeAll();
    expect(await watch.ended).toBeUndefined();
    expect(watch.events.at(-1)?.search?.state).toBe('SEARCH_CANCELLED');
  });

  it('ends when the coordinator does', async () => {
    const watch = searches.watch(await searches.submitted());
    await watch.until(() => true);
    const other = searches.watch(await searches.submitted());
    other.cancel(); // one whose caller has gone already
    await fixture.dispose();
    expect(await watch.ended).toMatchObject({
      code: expect.stringMatching(/COORDINATOR_(STOPPING|UNREACHABLE)|INTERRUPTED/),
    });
  });
});

describe('cancelling', () => {
  it('is answered when it is stored; repeated, it changes nothing', async () => {
    const id = await searches.submitted();
    const worker = await ScriptedWorker.join(address);
    worker.demand(1);
    const { token } = await worker.lease();
    const cancel = () => call<{ state: string; endedMs: number }>((done) => searches.client.cancelSearch({ id }, done));
    const first = await cancel();
    expect(first).toMatchObject({ state: 'SEARCH_CANCELLED', trialsDone: 3 });
    expect(await worker.next('revoked')).toEqual({ tokens: [token], reason: 'cancelled' });
    expect(await cancel()).toEqual(first);
    const unknown = call((done) => searches.client.cancelSearch({ id: 'nothing' }, done));
    await expect(unknown).rejects.toMatchObject({ code: 'SEARCH_NOT_FOUND' });
  });
});
