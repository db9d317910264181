import { VernierError, type ErrorCode } from '../../proto/errors.js';
import type { Outage } from './state.js';

/** Pure decisions about coming back; clock and jitter are the caller's. */

export interface ReconnectPolicy {
  /** How long the first connection is tried: a wrong address should be told soon. */
  firstConnectMs: number;
  /** How long a lost connection is tried for again; Infinity for ever. */
  reconnectMs: number;
  /** Delay after the first failure; it doubles with each. */
  initialDelayMs: number;
  maxDelayMs: number;
}

export const DEFAULT_RECONNECT: ReconnectPolicy = {
  firstConnectMs: 30_000,
  reconnectMs: Infinity,
  initialDelayMs: 200,
  // Well under a lease, so that a restarted coordinator sees its workers before their leases end.
  maxDelayMs: 5_000,
};

export type ReconnectDecision =
  { kind: 'retry'; delayMs: number; outage: Outage } | { kind: 'refused' | 'unreachable'; error: VernierError };

/** Another attempt cannot end otherwise: versions differ, the worker broke the protocol, nobody serves workers there. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'PROTOCOL_MISMATCH',
  'NUMERICS_MISMATCH',
  'PROTOCOL_VIOLATION',
  'ADDRESS_INVALID',
]);

export function isFinal(error: VernierError): boolean {
  return FINAL.has(error.code);
}

/**
 * What to do after an attempt to connect failed.
 *
 * @param jitter uniform in [0, 1); spreads workers that lost one coordinator together
 */
export function afterFailure(
  outage: Outage,
  error: VernierError,
  policy: ReconnectPolicy,
  nowMs: number,
  jitter: number,
): ReconnectDecision {
  if (isFinal(error)) return { kind: 'refused', error };
  const failures = outage.failures + 1;
  const delayMs = backoffMs(failures, policy, jitter);
  const limitMs = outage.wasRegistered ? policy.reconnectMs : policy.firstConnectMs;
  if (nowMs + delayMs - outage.sinceMs > limitMs) return { kind: 'unreachable', error: unreachable(error, limitMs) };
  return { kind: 'retry', delayMs, outage: { ...outage, failures } };
}

/** Exponential, between half of the full delay and all of it. */
export function backoffMs(failures: number, policy: ReconnectPolicy, jitter: number): number {
  const full = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** (failures - 1));
  return full * (0.5 + 0.5 * jitter);
}

function unreachable(error: VernierError, limitMs: number): VernierError {
  return new VernierError('COORDINATOR_UNREACHABLE', `no coordinator for ${limitMs / 1000} s: ${error.message}`, {
    mend: 'check the address, that `vernier coordinator` runs there, and that no firewall is between',
    cause: error,
  });
}
