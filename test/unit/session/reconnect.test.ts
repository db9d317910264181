import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import { afterFailure, backoffMs, DEFAULT_RECONNECT, type ReconnectPolicy } from '../../../worker/session/reconnect.js';

const gone = new VernierError('COORDINATOR_UNREACHABLE', 'connection refused');
const policy: ReconnectPolicy = { firstConnectMs: 1000, reconnectMs: 5000, initialDelayMs: 100, maxDelayMs: 800 };
const outage = { sinceMs: 10_000, failures: 0, wasRegistered: false };

describe('backoffMs', () => {
  it('doubles up to the limit', () => {
    expect([1, 2, 3, 4, 5, 60].map((failures) => backoffMs(failures, policy, 1))).toEqual([
      100, 200, 400, 800, 800, 800,
    ]);
  });

  it('lies between half of the full delay and all of it, whatever the jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, jitter) => {
          const full = backoffMs(n, policy, 1);
          expect(backoffMs(n, policy, jitter)).toBeGreaterThanOrEqual(full / 2);
          expect(backoffMs(n, policy, jitter)).toBeLessThanOrEqual(full);
        },
      ),
    );
  });
});

describe('afterFailure', () => {
  it('counts failures and tries again', () => {
    expect(afterFailure(outage, gone, policy, 10_000, 0)).toEqual({
      kind: 'retry',
      delayMs: 50,
      outage: { ...outage, failures: 1 },
    });
  });

  it('gives up when the next attempt would be too late: sooner before the first registration', () => {
    const known = { ...outage, wasRegistered: true };
    expect(afterFailure(outage, gone, policy, 10_950, 0.5)).toMatchObject({
      kind: 'unreachable',
      error: { code: 'COORDINATOR_UNREACHABLE', message: 'no coordinator for 1 s: connection refused' },
    });
    expect(afterFailure(known, gone, policy, 10_950, 0.5).kind).toBe('retry');
    expect(afterFailure(known, gone, policy, 14_950, 0.5).kind).toBe('unreachable');
  });

  it('never gives a known coordinator up by default', () => {
    const known = { sinceMs: 0, failures: 100_000, wasRegistered: true };
    expect(afterFailure(known, gone, DEFAULT_RECONNECT, 1e12, 0).kind).toBe('retry');
  });

  it('does not knock again where it was refused', () => {
    const error = new VernierError('PROTOCOL_MISMATCH', 'version 1 is not 2');
    expect(afterFailure(outage, error, policy, 10_000, 0)).toEqual({ kind: 'refused', error });
  });
});
