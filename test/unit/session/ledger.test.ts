import { describe, expect, it } from 'vitest';
import { LeaseLedger } from '../../../worker/session/ledger.js';

describe('LeaseLedger', () => {
  it('counts a thread as busy until its trial has ended, whoever owns the lease', () => {
    const ledger = new LeaseLedger(2);
    ledger.grant(['a']);
    expect(ledger.free).toBe(1);
    expect(ledger.revoke('a')).toBe(true);
    expect([ledger.free, ledger.held]).toEqual([1, []]);
    expect(ledger.finished('a')).toBe(false);
    expect([ledger.free, ledger.isEmpty]).toEqual([2, true]);
  });

  it('holds a lease while its weights are uploaded and until its result is acknowledged', () => {
    const ledger = new LeaseLedger(1);
    ledger.grant(['a']);
    expect(ledger.finished('a')).toBe(true);
    expect([ledger.free, ledger.held, ledger.unacknowledged]).toEqual([1, ['a'], []]);
    ledger.acknowledge('a'); // nothing was reported yet
    expect(ledger.held).toEqual(['a']);
    expect(ledger.report('a', { token: 'a' })).toBe(true);
    expect([ledger.held, ledger.unacknowledged]).toEqual([['a'], [{ token: 'a' }]]);
    ledger.acknowledge('a');
    expect(ledger.isEmpty).toBe(true);
  });

  it('forgets a result whose lease is lost, uploaded or not', () => {
    const ledger = new LeaseLedger(1);
    for (const token of ['uploading', 'reported']) {
      ledger.grant([token]);
      ledger.finished(token);
    }
    ledger.report('reported', { token: 'reported' });
    expect([ledger.revoke('uploading'), ledger.revoke('reported')]).toEqual([false, false]);
    expect(ledger.report('uploading', {})).toBe(false);
    expect(ledger.isEmpty).toBe(true);
  });

  it('takes a repeated grant as the one it has, and never asks for a negative number', () => {
    const ledger = new LeaseLedger(1);
    expect([ledger.grant(['a']), ledger.grant(['a', 'b'])]).toEqual([['a'], ['b']]);
    expect([ledger.running, ledger.free]).toEqual([['a', 'b'], 0]);
  });

  it('counts a thread that several leases share once, until the last of its trials has ended', () => {
    const ledger = new LeaseLedger(2);
    ledger.grant(['a', 'b', 'c']);
    expect(ledger.free).toBe(1);
    ledger.grant(['d']);
    expect(ledger.free).toBe(0);
    ledger.finished('a');
    ledger.revoke('b');
    expect([ledger.free, ledger.running]).toEqual([0, ['c', 'd']]);
    ledger.finished('c');
    expect(ledger.free).toBe(0); // b has not stopped yet
    ledger.finished('b');
    expect(ledger.free).toBe(1);
  });

  it('is not troubled by tokens it does not know', () => {
    const ledger = new LeaseLedger(1);
    ledger.acknowledge('x');
    expect([ledger.revoke('x'), ledger.finished('x'), ledger.isEmpty]).toEqual([false, false, true]);
  });
});
