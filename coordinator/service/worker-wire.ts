import { VernierError } from '../../proto/errors.js';
import type { CoordinatorMessage } from '../../proto/generated/vernier/v1/CoordinatorMessage.js';
import type { EpochMetrics__Output } from '../../proto/generated/vernier/v1/EpochMetrics.js';
import type { Hello__Output } from '../../proto/generated/vernier/v1/Hello.js';
import type { Lease } from '../../proto/generated/vernier/v1/Lease.js';
import type { Machine__Output } from '../../proto/generated/vernier/v1/Machine.js';
import type { TrialProgress__Output } from '../../proto/generated/vernier/v1/TrialProgress.js';
import type { TrialResult__Output } from '../../proto/generated/vernier/v1/TrialResult.js';
import type { WorkerMessage__Output } from '../../proto/generated/vernier/v1/WorkerMessage.js';
import type { Machine } from '../../proto/machine.js';
import { NUMERICS_VERSION, PROTOCOL_VERSION } from '../../proto/versions.js';
import { epochFromWire, metricsFromWire } from '../../proto/wire.js';
import type { GrantedLease, MessageToWorker } from '../schedule/effects.js';
import type { AttemptProgress, AttemptReport, SessionId, WorkerEvent, WorkerIntroduction } from '../schedule/events.js';
import type { WeightsPolicy } from '../schedule/weights.js';
import { BLOB_NAME } from '../store/blobs.js';

/** Between the messages of a worker's stream and the schedule's events. What a message may hold is checked here. */

const MAX_THREADS = 4096;
const MAX_TRIALS_A_THREAD = 64;
const MAX_NAME = 200;
const MAX_TOKEN = 100;
/** More than a worker may hold; each unknown one is looked up. */
const MAX_TOKENS = 16 * MAX_THREADS;
const MAX_METRIC_NAME = 100;
const MAX_METRICS = 1000;
/** Longer texts are cut: they are for people. */
const MAX_TEXT = 2000;

export interface WelcomeTerms {
  coordinator: string;
  leaseMs: number;
  renewMs: number;
}

/** @throws VernierError PROTOCOL_MISMATCH, NUMERICS_MISMATCH, PROTOCOL_VIOLATION */
export function introductionFromWire(hello: Hello__Output): WorkerIntroduction {
  if (hello.protocolVersion !== PROTOCOL_VERSION) {
    throw new VernierError(
      'PROTOCOL_MISMATCH',
      `the worker speaks protocol ${hello.protocolVersion}, the coordinator ${PROTOCOL_VERSION}`,
      { mend: 'run the same version of vernier on every machine' },
    );
  }
  if (hello.numericsVersion !== NUMERICS_VERSION) {
    const theirs = clean(hello.numericsVersion, MAX_NAME);
    throw new VernierError(
      'NUMERICS_MISMATCH',
      `the worker computes by numerics ${theirs}, the coordinator's searches by ${NUMERICS_VERSION}`,
      { mend: 'run the same version of vernier on every machine: others could give other bits' },
    );
  }
  const { worker, threads, kernel } = hello;
  check(
    worker !== '' && worker === clean(worker, MAX_NAME),
    `a worker's name has 1 to ${MAX_NAME} printable characters`,
  );
  check(threads >= 1 && threads <= MAX_THREADS, `a worker has 1 to ${MAX_THREADS} threads, not ${threads}`);
  const sideBySide = Math.max(1, hello.sideBySide);
  check(sideBySide <= MAX_TRIALS_A_THREAD, `a thread runs at most ${MAX_TRIALS_A_THREAD} trials, not ${sideBySide}`);
  const { sideBySideBytes } = hello;
  check(
    sideBySideBytes >= 0 && sideBySideBytes < Infinity,
    `side_by_side_bytes is a number of bytes, not ${sideBySideBytes}`,
  );
  checkTokens(hello.heldTokens);
  return {
    worker,
    threads,
    kernel: clean(kernel, MAX_NAME),
    machine: machineFromWire(hello.machine),
    sideBySide,
    sideBySideBytes,
    datasets: new Set(hello.datasets.map(({ sha256 }) => sha256)),
    heldTokens: hello.heldTokens,
  };
}

function machineFromWire(machine: Machine__Output | null): Machine | undefined {
  if (machine === null) return undefined;
  const { version, node, v8, system, architecture, processor } = machine;
  return {
    version: clean(version, MAX_NAME),
    node: clean(node, MAX_NAME),
    v8: clean(v8, MAX_NAME),
    system: clean(system, MAX_NAME),
    architecture: clean(architecture, MAX_NAME),
    processor: clean(processor, MAX_NAME),
  };
}

/**
 * Any message after Hello, as an event.
 *
 * @throws VernierError PROTOCOL_VIOLATION
 */
export function eventFromWire(session: SessionId, message: WorkerMessage__Output): WorkerEvent {
  if (message.demand) return { kind: 'demand', session, free: message.demand.free };
  if (message.renewal) return { kind: 'renewal', session, tokens: checkTokens(message.renewal.tokens) };
  if (message.release) return { kind: 'release', session, tokens: checkTokens(message.release.tokens) };
  if (message.goodbye) return { kind: 'goodbye', session };
  if (message.progress) {
    const trials = message.progress.trials.map((trial) => ({ token: trial.token, ...progressFromWire(trial) }));
    return { kind: 'progress', session, trials };
  }
  if (message.result) {
    const { token, free } = message.result;
    checkTokens([token]);
    return { kind: 'result', session, token, free, report: reportFromWire(message.result) };
  }
  throw violation(message.hello ? 'a second Hello on one stream' : 'an empty message');
}

function progressFromWire({ epochs, epochsTotal, partsDone, partsTotal }: TrialProgress__Output): AttemptProgress {
  if (partsTotal > 0) return { epoch: partsDone, epochs: partsTotal, inParts: true };
  return { epoch: epochs.at(-1)?.epoch ?? 0, epochs: epochsTotal };
}

function reportFromWire(result: TrialResult__Output): AttemptReport {
  const { outcome } = result;
  switch (outcome) {
    case 'OUTCOME_COMPLETED':
    case 'OUTCOME_DIVERGED': {
      const { weightsSha256, weightsBlob } = result;
      for (const name of [weightsSha256, weightsBlob]) {
        check(
          name === '' || BLOB_NAME.test(name),
          'a SHA-256 of 64 lower-case hexadecimal digits, or nothing, was due',
        );
      }
      checkEpochs(result.epochs);
      checkMetrics(result.metrics);
      return {
        outcome: outcome === 'OUTCOME_COMPLETED' ? 'completed' : 'diverged',
        results: {
          epochs: result.epochs.map(epochFromWire),
          metrics: metricsFromWire(result.metrics),
          weightsSha256,
          weightsBlob,
        },
      };
    }
    case 'OUTCOME_FAILED':
    case 'OUTCOME_CRASHED':
      return {
        outcome: outcome === 'OUTCOME_FAILED' ? 'failed' : 'crashed',
        message: clean(result.message, MAX_TEXT),
        errorCode: clean(result.errorCode, MAX_NAME),
      };
    case 'TRIAL_OUTCOME_UNSPECIFIED':
      throw violation('a result without an outcome');
  }
  throw violation('a result of an unknown outcome');
}

function checkEpochs(epochs: readonly EpochMetrics__Output[]): void {
  let before = 0;
  for (const { epoch, metrics } of epochs) {
    check(epoch > before, `epochs rise from 1: ${epoch} does not follow ${before}`);
    before = epoch;
    checkMetrics(metrics);
  }
}

/** Values may be anything, NaN among them: that is what a diverged trial has to tell. */
function checkMetrics(metrics: readonly { name: string }[]): void {
  check(metrics.length <= MAX_METRICS, `at most ${MAX_METRICS} metrics, not ${metrics.length}`);
  for (const { name } of metrics) {
    check(
      name !== '' && name === clean(name, MAX_METRIC_NAME),
      `a metric's name has 1 to ${MAX_METRIC_NAME} characters`,
    );
  }
}

function checkTokens(tokens: string[]): string[] {
  check(tokens.length <= MAX_TOKENS, `at most ${MAX_TOKENS} tokens, not ${tokens.length}`);
  for (const token of tokens) {
    check(token !== '' && token.length <= MAX_TOKEN, `a token has 1 to ${MAX_TOKEN} characters`);
  }
  return tokens;
}

function check(holds: boolean, rule: string): void {
  if (!holds) throw violation(rule);
}

function violation(what: string): VernierError {
  return new VernierError('PROTOCOL_VIOLATION', `the worker's message breaks the protocol: ${what}`);
}

/** One line of at most so many characters, nothing in it that a terminal would obey. */
function clean(text: string, length: number): string {
  return text.slice(0, length).replaceAll(/\p{Cc}+/gu, ' ');
}

export function messageToWire(message: MessageToWorker, terms: WelcomeTerms): CoordinatorMessage {
  if (message.kind === 'welcome') return { welcome: terms };
  if (message.kind === 'grant') return { grant: { leases: message.leases.map((lease) => leaseToWire(lease, terms)) } };
  const tokens = [...message.tokens];
  if (message.kind === 'renewed') return { renewed: { tokens } };
  if (message.kind === 'acknowledged') return { acknowledged: { tokens } };
  return { revoked: { tokens, reason: message.reason } };
}

function leaseToWire({ weights, ...lease }: GrantedLease, { leaseMs }: WelcomeTerms): Lease {
  return { ...lease, leaseMs, weights: policyToWire(weights) };
}

function policyToWire(policy: WeightsPolicy): NonNullable<Lease['weights']> {
  if (policy.keep === 'never') return { keep: 'NEVER' };
  if (policy.keep === 'always') return { keep: 'ALWAYS' };
  const { metric, goal, score } = policy;
  const wanted = { keep: 'IF_BETTER', metric, maximize: goal === 'maximize' } as const;
  return score === undefined ? wanted : { ...wanted, score };
}
