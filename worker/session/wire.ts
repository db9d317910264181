import type { Lease__Output } from '../../proto/generated/vernier/v1/Lease.js';
import type { TrialResult } from '../../proto/generated/vernier/v1/TrialResult.js';
import type { WeightsPolicy__Output } from '../../proto/generated/vernier/v1/WeightsPolicy.js';
import { epochToWire, metricsToWire } from '../../proto/wire.js';
import type { PoolTrialEnd, TrialRequest } from '../pool/pool-trial.js';
import type { WeightsPolicy } from '../train/weights-policy.js';

/** Between the session's messages and the worker's own types. */

/** A grant's leases, those together whose trials share a thread. */
export function leasesByThread(leases: readonly Lease__Output[]): Lease__Output[][] {
  const threads = new Map<string, Lease__Output[]>();
  for (const lease of leases) {
    const thread = lease.beside === '' ? lease.token : lease.beside;
    threads.set(thread, [...(threads.get(thread) ?? []), lease]);
  }
  return [...threads.values()];
}

export function requestFromLease(lease: Lease__Output): TrialRequest {
  return {
    configJson: lease.configJson,
    seed: lease.seed,
    datasetSha256: lease.datasetSha256,
    specSha256: lease.specSha256,
    weights: policyFromWire(lease.weights),
  };
}

function policyFromWire(policy: WeightsPolicy__Output | null): WeightsPolicy {
  if (policy === null || policy.keep === 'NEVER') return { keep: 'never' };
  if (policy.keep === 'ALWAYS') return { keep: 'always' };
  return {
    keep: 'if-better',
    metric: policy.metric,
    goal: policy.maximize ? 'maximize' : 'minimize',
    score: policy.score,
  };
}

/** The result of an attempt that ended by itself. `free` is filled in when it is sent. */
export function resultToWire(
  token: string,
  end: Exclude<PoolTrialEnd, { outcome: 'cancelled' }>,
  weightsBlob: string,
): TrialResult {
  if (end.outcome === 'failed' || end.outcome === 'crashed') {
    const outcome = end.outcome === 'failed' ? 'OUTCOME_FAILED' : 'OUTCOME_CRASHED';
    return { token, outcome, message: end.error.message, errorCode: end.error.code };
  }
  return {
    token,
    outcome: end.outcome === 'completed' ? 'OUTCOME_COMPLETED' : 'OUTCOME_DIVERGED',
    epochs: end.epochs.map(epochToWire),
    metrics: metricsToWire(end.metrics),
    weightsSha256: end.weightsSha256,
    weightsBlob,
  };
}
