import { canonicalJson, sha256Hex, type Json } from '../../../proto/canonical.js';
import type { DatasetInfo } from '../../../proto/datasets.js';
import { resultDigest } from '../../../proto/digest.js';
import type { EndedTrialState, SearchSpec } from '../../../proto/domain.js';
import { VernierError } from '../../../proto/errors.js';
import { parseSearchFile, type SearchFile } from '../../spec/search-file.js';
import { hasResults, trialsOf, type RecordedSearch, type RecordedTrial } from './recorded-search.js';
import { checkRounds } from './rounds.js';
import { firstDifference, type RecordFinding } from './values.js';

/** Adds a finding unless the two are the same. */
type Expect = (what: string, recorded: Json | undefined, expected: Json | undefined) => void;

/**
 * Everything that a search's record lets check without training: the file's sum; that the file stands for the specification, which
 * has its hash; that each round follows, to the last bit, from the specification and the results before it; that states agree;
 * the result digest.
 *
 * What was found first comes first; what follows from a finding is not found again as far as that can be told.
 */
export function checkRecord(search: RecordedSearch): RecordFinding[] {
  const findings: RecordFinding[] = [];
  const expect: Expect = (what, recorded, expected) => {
    if (recorded !== expected) findings.push({ what, recorded, expected });
  };
  if (search.fileSha256 !== '') expect("the file's sum", search.fileSha256, sha256Hex(search.specYaml));
  const spec = checkSpecification(search, findings);
  // Before the rounds: what a trial did not end with is missing from what the next round follows from.
  checkStates(search, findings);
  if (spec !== undefined) {
    expect("the search's name", search.name, spec.name);
    expect("the search's seed", search.seed, spec.seed);
    findings.push(...checkRounds(spec, search));
  }
  checkCounts(search, expect);
  expect('result digest', search.resultDigest, expectedDigest(search));
  return findings;
}

/** The specification of the recorded hash, out of the record or else out of the file; undefined when neither has it. */
function checkSpecification(search: RecordedSearch, findings: RecordFinding[]): SearchSpec | undefined {
  const { specJson, specSha256 } = search;
  const stored = JSON.parse(specJson) as Json;
  const storedHash = sha256Hex(canonicalJson(stored));
  if (storedHash !== specSha256) {
    findings.push({ what: "the specification's hash", recorded: specSha256, expected: storedHash });
  }
  const parsed = parsedFile(search, stored);
  if (parsed instanceof VernierError) {
    const [first] = parsed.problems;
    findings.push({ what: 'the file', recorded: first?.message ?? parsed.message, expected: 'a sound search file' });
  } else {
    const different = firstDifference(stored, parsed.spec as unknown as Json);
    if (different !== undefined) {
      const { path, a: recorded, b: expected } = different;
      findings.push({ what: `specification, ${path}`, recorded, expected });
    }
    const data = firstDifference(described(search.datasets), described(parsed.datasets));
    if (data !== undefined) findings.push({ what: `data sets, ${data.path}`, recorded: data.a, expected: data.b });
    if (storedHash !== specSha256 && parsed.specSha256 === specSha256) return parsed.spec;
  }
  return storedHash === specSha256 ? (stored as unknown as SearchSpec) : undefined;
}

function parsedFile({ specYaml, fileName, datasets }: RecordedSearch, stored: Json): SearchFile | VernierError {
  const seed = (stored as { seed?: unknown } | null)?.seed;
  try {
    return parseSearchFile(specYaml, {
      fileName: fileName || 'the search file',
      datasets,
      ...(typeof seed === 'number' ? { seed } : {}),
    });
  } catch (error) {
    // A file that was changed may be like none that anybody writes.
    return error instanceof VernierError ? error : new VernierError('SPEC_INVALID', String(error), { cause: error });
  }
}

/** By name. How its records are images follows from its files, and was not always recorded. */
function described(datasets: readonly DatasetInfo[]): Json {
  return Object.fromEntries(
    datasets.map(({ name, sha256, train, test, inputs, classes }) => [name, { sha256, train, test, inputs, classes }]),
  );
}

function checkStates(search: RecordedSearch, findings: RecordFinding[]): void {
  for (const trial of trialsOf(search)) {
    const what = `trial ${trial.number}, state`;
    if (!isEnded(trial)) findings.push({ what, recorded: trial.state, expected: 'ended, as the search is' });
    else if (!hasResults(trial) && resultsOf(trial) !== '') {
      findings.push({ what, recorded: trial.state, expected: `completed or diverged: it has ${resultsOf(trial)}` });
    }
  }
}

function checkCounts(search: RecordedSearch, expect: Expect): void {
  const trials = trialsOf(search);
  expect('trials that have ended', search.trialsDone, trials.filter(isEnded).length);
  if (search.state === 'completed') expect('trials in all', search.trialsTotal, trials.length);
}

/** What of results a trial has, in words. */
function resultsOf({ epochs, metrics, weightsSha256 }: RecordedTrial): string {
  if (epochs.length > 0) return 'epochs';
  if (Object.keys(metrics).length > 0) return 'metrics';
  return weightsSha256 === '' ? '' : 'weights';
}

function isEnded<T extends RecordedTrial>(trial: T): trial is T & { state: EndedTrialState } {
  return trial.state !== 'pending' && trial.state !== 'leased';
}

/** Only a completed search has one. */
function expectedDigest(search: RecordedSearch): string {
  if (search.state !== 'completed') return '';
  return resultDigest(trialsOf(search).filter(isEnded), search.numericsVersion);
}
