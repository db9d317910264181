import { describe, expect, it } from 'vitest';
import { Standstill } from '../../../coordinator/cli/standstill.js';
import { middleOfSearch } from '../../support/progress-state.js';

function waiting(waitingCode: string, running: number) {
  const state = middleOfSearch();
  Object.assign(state.search, { waitingCode, message: 'what it waits for' });
  return { ...state, running: state.running.slice(0, running) };
}

/** What the promise is by now: pending ones have no value. */
async function now<T>(promise: Promise<T>): Promise<T | 'pending'> {
  return Promise.race([promise, new Promise<'pending'>((resolve) => setImmediate(() => resolve('pending')))]);
}

describe('a standstill', () => {
  it('is when no worker can use the data, once nothing runs any more', async () => {
    const standstill = new Standstill();
    standstill.observe(waiting('', 0));
    standstill.observe(waiting('DATASET_CORRUPT', 2));
    expect(await now(standstill.reached)).toBe('pending');
    standstill.observe(waiting('DATASET_CORRUPT', 0));
    expect(await standstill.reached).toMatchObject({
      code: 'DATASET_CORRUPT',
      message: 'what it waits for',
      mend: 'nothing is lost: get the data again (vernier data fetch, or vernier data add), and run the same command again',
    });
  });

  it('is when the disk stays full', async () => {
    const standstill = new Standstill(1);
    standstill.observe(waiting('STORE_FULL', 2));
    expect(await standstill.reached).toMatchObject({ code: 'STORE_FULL' });
  });

  it('is not when there is room again', async () => {
    const standstill = new Standstill(60_000);
    standstill.observe(waiting('STORE_FULL', 0));
    standstill.observe(waiting('', 0));
    expect(await now(standstill.reached)).toBe('pending');
  });

  it('tells a code of a later version too', async () => {
    const standstill = new Standstill();
    standstill.observe(waiting('MOON_PHASE', 0));
    expect(await standstill.reached).toMatchObject({ code: 'SEARCH_FAILED', message: 'what it waits for' });
  });
});
