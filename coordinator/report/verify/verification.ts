import { doubleBits, type Json } from '../../../proto/canonical.js';
import { resultDigest, type DigestTrial } from '../../../proto/digest.js';
import type { ErrorPayload } from '../../../proto/errors.js';
import { machineJson, type Computed } from '../provenance.js';
import { hasResults, trialsOf, type RecordedSearch, type RecordedTrial } from './recorded-search.js';
import { compareResults, type Comparison, type Difference, type TrialResults } from './trial.js';
import type { RecordFinding } from './values.js';

/** A trial that was trained again. */
export interface VerifiedTrial {
  trial: RecordedTrial;
  /** What computed it this time; undefined when nothing did. */
  again: Computed | undefined;
  /** With what it gave, or why it gave nothing. */
  outcome: (Comparison & { results: TrialResults }) | { problem: ErrorPayload };
}

/** What came of verifying a search. */
export interface Verification {
  search: RecordedSearch;
  findings: readonly RecordFinding[];
  /** In trial order. */
  trials: readonly VerifiedTrial[];
}

export interface TrialDifferences {
  trial: RecordedTrial;
  again: Computed | undefined;
  /** At least one. */
  differences: readonly Difference[];
}

export interface Tally {
  /** Trained again. */
  trained: number;
  /** With the same results. */
  same: number;
  /** Of all that have results. */
  verifiable: number;
  /** Values that were compared. */
  values: number;
  /** In trial order. */
  different: TrialDifferences[];
  /** Those that gave nothing. */
  untrained: { trial: RecordedTrial; problem: ErrorPayload }[];
  /** Trials without results to verify. */
  leftOut: RecordedTrial[];
}

/** A trial's comparison with what it gave again. */
export function comparedWith(trial: RecordedTrial, results: TrialResults): VerifiedTrial['outcome'] {
  return { ...compareResults(trial, results), results };
}

/**
 * What a completed search's digest is right for: the recorded results, or those that have the trained ones in their place;
 * undefined where it is for neither.
 */
export function sealOf(search: RecordedSearch, trials: readonly VerifiedTrial[]): 'record' | 'training' | undefined {
  const recorded = trialsOf(search);
  if (search.resultDigest === '') return undefined;
  if (digestOf(recorded, search) === search.resultDigest) return 'record';
  const again = new Map<RecordedTrial, TrialResults>(
    trials.flatMap(({ trial, outcome }) => ('results' in outcome ? [[trial, outcome.results] as const] : [])),
  );
  const replaced = recorded.map((trial): RecordedTrial => ({ ...trial, ...again.get(trial) }) as RecordedTrial);
  return digestOf(replaced, search) === search.resultDigest ? 'training' : undefined;
}

function digestOf(trials: readonly RecordedTrial[], { numericsVersion }: RecordedSearch): string {
  return resultDigest(trials as readonly DigestTrial[], numericsVersion);
}

export function tallyOf({ search, trials }: Verification): Tally {
  const tally: Tally = {
    trained: 0,
    same: 0,
    verifiable: trialsOf(search).filter(hasResults).length,
    values: 0,
    different: [],
    untrained: [],
    leftOut: trialsOf(search).filter((trial) => !hasResults(trial)),
  };
  for (const { trial, again, outcome } of trials) {
    if ('problem' in outcome) {
      tally.untrained.push({ trial, problem: outcome.problem });
      continue;
    }
    tally.trained++;
    tally.values += outcome.values;
    if (outcome.differences.length === 0) tally.same++;
    else tally.different.push({ trial, again, differences: outcome.differences });
  }
  return tally;
}

/** Whether everything that was looked at is as it is recorded. */
export function isVerified(verification: Verification): boolean {
  const { different, untrained } = tallyOf(verification);
  return verification.findings.length === 0 && different.length === 0 && untrained.length === 0;
}

/** A value with its bits, which JSON numbers need not have; null where there is none. */
type ValueJson = { value: Json; bits?: string } | null;

/** A verification as `--json` prints it. */
export interface VerificationJson {
  search: { id: string; name: string; seed: number; specSha256: string; state: string };
  verified: boolean;
  trialsVerified: number;
  /** Trials that have results. */
  trialsTotal: number;
  values: number;
  resultDigest: string | null;
  /** What of the record does not follow from the rest of it. */
  record: { what: string; recorded: ValueJson; expected: ValueJson }[];
  /** Each that was trained again. */
  trials: {
    number: number;
    round: string;
    /** Null when it could not be trained. */
    values: number | null;
    differences: { epoch: number | null; what: string; recorded: ValueJson; again: ValueJson }[];
    /** Why it could not be trained. */
    problem: { code: string; message: string } | null;
    recordedOn: ComputedJson | null;
    againOn: ComputedJson | null;
  }[];
  /** Trials without results. */
  leftOut: { number: number; state: string }[];
}

interface ComputedJson {
  kernel: string;
  machine: ReturnType<typeof machineJson> | null;
}

export function verificationJson(verification: Verification): VerificationJson {
  const { search, findings, trials } = verification;
  const tally = tallyOf(verification);
  const { id, name, seed, specSha256, state, resultDigest: digest } = search;
  return {
    search: { id, name, seed, specSha256, state },
    verified: isVerified(verification),
    trialsVerified: tally.same,
    trialsTotal: tally.verifiable,
    values: tally.values,
    resultDigest: digest === '' ? null : digest,
    record: findings.map(({ what, recorded, expected }) => ({
      what,
      recorded: valueJson(recorded),
      expected: valueJson(expected),
    })),
    trials: trials.map(trialJson),
    leftOut: tally.leftOut.map((trial) => ({ number: trial.number, state: trial.state })),
  };
}

function trialJson({ trial, again, outcome }: VerifiedTrial): VerificationJson['trials'][number] {
  const failed = 'problem' in outcome ? outcome.problem : undefined;
  const compared = 'problem' in outcome ? undefined : outcome;
  return {
    number: trial.number,
    round: trial.round,
    values: compared?.values ?? null,
    differences: (compared?.differences ?? []).map((difference) => ({
      epoch: difference.epoch ?? null,
      what: difference.what,
      recorded: valueJson(difference.recorded),
      again: valueJson(difference.again),
    })),
    problem: failed === undefined ? null : { code: failed.code, message: failed.message },
    recordedOn: computedJson(trial.computed),
    againOn: computedJson(again),
  };
}

function valueJson(value: Json | undefined): ValueJson {
  if (value === undefined) return null;
  if (typeof value !== 'number') return { value };
  return { value: Number.isFinite(value) ? value : String(value), bits: doubleBits(value) };
}

function computedJson(computed: Computed | undefined): ComputedJson | null {
  if (computed === undefined) return null;
  return { kernel: computed.kernel, machine: computed.machine === undefined ? null : machineJson(computed.machine) };
}
