import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreWrite } from '../../coordinator/store/records.js';
import { SqliteStore } from '../../coordinator/store/sqlite-store.js';
import type { Store } from '../../coordinator/store/store.js';
import { sha256Hex } from '../../proto/canonical.js';
import { resultDigest } from '../../proto/digest.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import { newSearch, plannedTrial, TINY_DATA, TINY_MACHINE, trialResults } from '../support/search-fixtures.js';

interface Implementation {
  name: string;
  open: () => Store;
  /** Closes and opens again; undefined where nothing outlives closing. */
  reopen: ((store: Store) => Store) | undefined;
}

let folder: string;

const implementations: Implementation[] = [
  {
    name: 'SQLite on disk',
    open: () => SqliteStore.open(join(folder, 'store.db')),
    reopen: (store) => {
      store.close();
      return SqliteStore.open(join(folder, 'store.db'));
    },
  },
  { name: 'SQLite in memory', open: () => SqliteStore.open(':memory:'), reopen: undefined },
];

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vernier-store-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const interval = { lambda: { min: 1e-5, max: 0.1 } };

function openRound(search: string, numbers: number[], index = 0): StoreWrite {
  return {
    kind: 'open-round',
    search,
    round: { index, name: index === 0 ? 'coarse' : 'fine', method: 'random', interval },
    trials: numbers.map((number) => plannedTrial(number)),
    trialsTotal: 6,
  };
}

type StartAttempt = Extract<StoreWrite, { kind: 'start-attempt' }>;

function startAttempt(search: string, trial: number, token: string, attempt = 1): StartAttempt {
  return { kind: 'start-attempt', search, trial, attempt, token, worker: 'w-1', kernel: 'wasm' };
}

function endAttempt(
  token: string,
  end: Extract<StoreWrite, { kind: 'end-attempt' }>['end'] = 'completed',
  message = '',
): StoreWrite {
  return { kind: 'end-attempt', token, end, message, alone: true };
}

describe.each(implementations)('$name', ({ open, reopen }) => {
  let store: Store;
  beforeEach(() => (store = open()));
  afterEach(() => store.close());

  /** What the store holds after it was closed and opened, where it outlives that. */
  function again(): Store {
    return (store = reopen?.(store) ?? store);
  }

  it('has an id of its own that stays', () => {
    const { id } = store;
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(again().id).toBe(id);
    const other = SqliteStore.open(':memory:');
    expect(other.id).not.toBe(id);
    other.close();
  });

  it('remembers a search as it was submitted', () => {
    const search = newSearch('aaa', { seed: Number.MAX_SAFE_INTEGER });
    store.createSearch(search, 1000);
    again();
    expect(store.summary('aaa')).toEqual({
      id: 'aaa',
      name: 'tiny-search',
      seed: Number.MAX_SAFE_INTEGER,
      specSha256: search.specSha256,
      state: 'running',
      message: '',
      createdMs: 1000,
      endedMs: undefined,
      trialsTotal: 6,
      trialsDone: 0,
    });
    expect(store.search('aaa')).toEqual({
      id: 'aaa',
      spec: search.spec,
      specSha256: search.specSha256,
      specYaml: search.specYaml,
      fileName: 'tiny.yaml',
      fileSha256: sha256Hex(search.specYaml),
      machine: TINY_MACHINE,
      datasets: [TINY_DATA],
      numericsVersion: NUMERICS_VERSION,
      resultDigest: '',
      rounds: [],
    });
    expect(store.summary('bbb')).toBeUndefined();
    expect(store.search('bbb')).toBeUndefined();
  });

  it('refuses a second search of one id', () => {
    store.createSearch(newSearch('aaa'), 1);
    expect(() => store.createSearch(newSearch('aaa'), 2)).toThrow(/UNIQUE/);
    expect(store.summaries(10).searches).toHaveLength(1);
  });

  it('finds a search by its spec, the identities of its data and its numerics version, the newest of several', () => {
    const search = newSearch('aaa');
    const { specSha256, numericsVersion } = search;
    const other = { ...TINY_DATA, name: 'other', sha256: 'ff'.repeat(32) };
    store.createSearch(search, 1);
    store.createSearch({ ...search, id: 'bbb' }, 2);
    store.createSearch({ ...search, id: 'ccc', datasets: [TINY_DATA, other] }, 3);
    store.createSearch({ ...search, id: 'ddd', numericsVersion: 'earlier' }, 4);
    again();
    expect(store.findSearch(specSha256, [TINY_DATA.sha256], numericsVersion)).toBe('bbb');
    expect(store.findSearch(specSha256, [other.sha256, TINY_DATA.sha256], numericsVersion)).toBe('ccc');
    expect(store.findSearch(specSha256, [TINY_DATA.sha256], 'earlier')).toBe('ddd');
    expect(store.findSearch(specSha256, [TINY_DATA.sha256], 'later')).toBeUndefined();
    expect(store.findSearch(specSha256, [], numericsVersion)).toBeUndefined();
    expect(store.findSearch('0'.repeat(64), [TINY_DATA.sha256], numericsVersion)).toBeUndefined();
  });

  it('finds a cancelled search only where there is no other', () => {
    const search = newSearch('aaa');
    const { specSha256, numericsVersion } = search;
    const find = (): string | undefined => store.findSearch(specSha256, [TINY_DATA.sha256], numericsVersion);
    store.createSearch(search, 1);
    store.createSearch({ ...search, id: 'bbb' }, 2);
    store.commit([{ kind: 'end-search', search: 'bbb', state: 'cancelled', message: '' }], 3);
    expect(find()).toBe('aaa');
    store.commit([{ kind: 'end-search', search: 'aaa', state: 'cancelled', message: '' }], 4);
    again();
    expect(find()).toBe('bbb');
  });

  it('finds ids by their beginning, taking it literally', () => {
    for (const id of ['abc', 'abd', 'ab', 'x']) store.createSearch(newSearch(id), 1);
    expect(store.idsByPrefix('ab', 10)).toEqual(['ab']);
    expect(store.idsByPrefix('a', 10).sort()).toEqual(['ab', 'abc', 'abd']);
    expect(store.idsByPrefix('a', 2)).toHaveLength(2);
    expect(store.idsByPrefix('abd', 10)).toEqual(['abd']);
    for (const odd of ['%', '_', '*', "' OR 1=1 --", 'a%']) expect(store.idsByPrefix(odd, 10)).toEqual([]);
    expect(store.idsByPrefix('', 10)).toHaveLength(4);
  });

  it('pages through summaries, newest first', () => {
    for (let i = 0; i < 5; i++) store.createSearch(newSearch(`s${i}`), i);
    const first = store.summaries(2);
    const second = store.summaries(2, first.next);
    const third = store.summaries(2, second.next);
    const ids = [first, second, third].map(({ searches }) => searches.map(({ id }) => id));
    expect(ids).toEqual([['s4', 's3'], ['s2', 's1'], ['s0']]);
    expect(third.next).toBeUndefined();
    expect(store.summaries(5).next).toBeUndefined();
  });

  it('remembers rounds, trials, attempts and results, every bit of them', () => {
    const odd = { val_accuracy: 0.1 + 0.2, val_loss: NaN, a: Infinity, b: -Infinity, c: -0, d: 5e-324, e: 1e300 };
    store.createSearch(newSearch('aaa'), 1);
    store.commit([openRound('aaa', [1, 2])], 2);
    store.commit([{ ...startAttempt('aaa', 1, 't1'), machine: TINY_MACHINE }], 3);
    store.commit(
      [
        endAttempt('t1'),
        {
          kind: 'end-trial',
          search: 'aaa',
          trial: 1,
          state: 'diverged',
          results: { epochs: [{ epoch: 1, metrics: odd }], metrics: odd, weightsSha256: 'w', weightsBlob: 'b' },
        },
        startAttempt('aaa', 2, 't2'),
      ],
      4,
    );
    again();
    const record = store.search('aaa', true);
    expect(record).toMatchObject({ fileName: 'tiny.yaml', machine: TINY_MACHINE });
    expect(record?.fileSha256).toBe(sha256Hex(record?.specYaml ?? ''));
    expect(record?.rounds).toHaveLength(1);
    expect(record?.rounds[0]).toMatchObject({ index: 0, name: 'coarse', method: 'random', interval, closed: false });
    expect(record?.rounds[0]?.trials).toEqual([
      {
        ...plannedTrial(1),
        round: 0,
        state: 'diverged',
        metrics: odd,
        epochs: [{ epoch: 1, metrics: odd }],
        weightsSha256: 'w',
        weightsBlob: 'b',
        attempts: [
          {
            number: 1,
            token: 't1',
            worker: 'w-1',
            kernel: 'wasm',
            machine: TINY_MACHINE,
            startedMs: 3,
            endedMs: 4,
            end: 'completed',
            message: '',
            alone: true,
          },
        ],
      },
      {
        ...plannedTrial(2),
        round: 0,
        state: 'pending',
        metrics: {},
        epochs: [],
        weightsSha256: '',
        weightsBlob: '',
        attempts: [
          {
            number: 1,
            token: 't2',
            worker: 'w-1',
            kernel: 'wasm',
            machine: undefined,
            startedMs: 4,
            endedMs: undefined,
            end: undefined,
            message: '',
            alone: false,
          },
        ],
      },
    ]);
    expect(Object.is(record?.rounds[0]?.trials[0]?.metrics['c'], -0)).toBe(true);
    expect(store.search('aaa')?.rounds[0]?.trials[0]?.epochs).toEqual([]);
    expect(store.summary('aaa')).toMatchObject({ trialsDone: 1, trialsTotal: 6 });
  });

  it('knows how the attempt of a token ended', () => {
    store.createSearch(newSearch('aaa'), 1);
    store.commit([openRound('aaa', [1]), startAttempt('aaa', 1, 't1')], 2);
    expect(store.attemptEnd('t1')).toBe('running');
    store.commit([endAttempt('t1', 'worker lost')], 3);
    again();
    expect(store.attemptEnd('t1')).toBe('worker lost');
    expect(store.attemptEnd('t2')).toBeUndefined();
  });

  it('lets a trial end once, and an attempt once: a second write is refused with all that came with it', () => {
    store.createSearch(newSearch('aaa'), 1);
    store.commit([openRound('aaa', [1, 2]), startAttempt('aaa', 1, 't1')], 2);
    const done: StoreWrite = {
      kind: 'end-trial',
      search: 'aaa',
      trial: 1,
      state: 'completed',
      results: trialResults(0.5),
    };
    store.commit([endAttempt('t1'), done], 3);
    const refused: StoreWrite[][] = [
      [startAttempt('aaa', 2, 't2'), done],
      [startAttempt('aaa', 2, 't2'), endAttempt('t1')],
      [startAttempt('aaa', 2, 't2'), endAttempt('unknown')],
      [startAttempt('aaa', 2, 't2'), startAttempt('aaa', 2, 't3', 2)], // two leases of one trial
      [startAttempt('aaa', 2, 't1')], // a token twice
      [startAttempt('aaa', 2, 't2'), startAttempt('nobody', 1, 't3')],
      [startAttempt('aaa', 2, 't2'), startAttempt('aaa', 9, 't3')], // no such trial
      [startAttempt('aaa', 2, 't2'), openRound('aaa', [9])], // a round twice
      [startAttempt('aaa', 2, 't2'), { kind: 'close-round', search: 'aaa', index: 3 }],
      [{ kind: 'end-search', search: 'aaa', state: 'completed', message: '' }], // trial 2 is pending
    ];
    const before = store.search('aaa', true);
    for (const writes of refused) {
      expect(() => store.commit(writes, 4), JSON.stringify(writes)).toThrow();
      expect(store.search('aaa', true)).toEqual(before);
    }
    expect(again().search('aaa', true)).toEqual(before);
  });

  it('gives a completed search the digest of what it holds, and ends a search once', () => {
    store.createSearch(newSearch('aaa'), 1);
    store.createSearch(newSearch('bbb'), 1);
    expect(store.runningSearches()).toEqual(['aaa', 'bbb']);
    const results = trialResults(0.25);
    store.commit(
      [
        openRound('aaa', [1]),
        startAttempt('aaa', 1, 't1'),
        endAttempt('t1'),
        { kind: 'end-trial', search: 'aaa', trial: 1, state: 'completed', results },
        { kind: 'close-round', search: 'aaa', index: 0 },
        openRound('aaa', [2], 1),
        { kind: 'end-trial', search: 'aaa', trial: 2, state: 'failed' },
        { kind: 'end-search', search: 'aaa', state: 'completed', message: '' },
        { kind: 'end-search', search: 'bbb', state: 'cancelled', message: 'by hand' },
      ],
      5,
    );
    again();
    const record = store.search('aaa');
    expect(record?.rounds.map(({ closed }) => closed)).toEqual([true, false]);
    expect(record?.resultDigest).toBe(
      resultDigest([
        { ...plannedTrial(1), state: 'completed', ...results },
        { ...plannedTrial(2), state: 'failed', epochs: [], metrics: {}, weightsSha256: '' },
      ]),
    );
    expect(store.summary('aaa')).toMatchObject({ state: 'completed', endedMs: 5, trialsDone: 2 });
    expect(store.summary('bbb')).toMatchObject({ state: 'cancelled', message: 'by hand' });
    expect(store.search('bbb')?.resultDigest).toBe('');
    expect(store.runningSearches()).toEqual([]);
    expect(() => store.commit([{ kind: 'end-search', search: 'aaa', state: 'failed', message: 'late' }], 6)).toThrow(
      /not running/,
    );
  });

  it('computes a digest by the numerics version of the search', () => {
    store.createSearch({ ...newSearch('aaa'), numericsVersion: 'earlier' }, 1);
    const end: StoreWrite = { kind: 'end-trial', search: 'aaa', trial: 1, state: 'cancelled' };
    store.commit(
      [openRound('aaa', [1]), end, { kind: 'end-search', search: 'aaa', state: 'completed', message: '' }],
      2,
    );
    const trial = { ...plannedTrial(1), state: 'cancelled' as const, epochs: [], metrics: {}, weightsSha256: '' };
    expect(again().search('aaa')?.resultDigest).toBe(resultDigest([trial], 'earlier'));
    expect(resultDigest([trial], 'earlier')).not.toBe(resultDigest([trial]));
  });

  it('knows which blobs trials refer to', () => {
    store.createSearch(newSearch('aaa'), 1);
    store.commit([openRound('aaa', [1, 2, 3])], 2);
    for (const [trial, blob] of [
      [1, 'x'],
      [2, 'x'],
      [3, 'y'],
    ] as const) {
      const results = trialResults(0.5, { weightsBlob: blob });
      store.commit([{ kind: 'end-trial', search: 'aaa', trial, state: 'completed', results }], 3);
    }
    expect(store.referencedBlobs()).toEqual(new Set(['x', 'y']));
    store.commit(
      [
        { kind: 'drop-weights', search: 'aaa', trial: 1, blob: 'x' },
        { kind: 'drop-weights', search: 'aaa', trial: 3, blob: 'y' },
      ],
      4,
    );
    again();
    expect(store.isReferenced('x')).toBe(true);
    expect(store.isReferenced('y')).toBe(false);
    expect(store.isReferenced('')).toBe(false);
    expect(store.search('aaa')?.rounds[0]?.trials.map(({ weightsBlob }) => weightsBlob)).toEqual(['', 'x', '']);
  });
});
