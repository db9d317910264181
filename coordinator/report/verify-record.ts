import { canonicalJson, sha256Hex, type Json } from '../../proto/canonical.js';
import { resultDigest } from '../../proto/digest.js';
import type { EndedTrialState, SearchSpec } from '../../proto/domain.js';
import { VernierError } from '../../proto/errors.js';
import { parseSearchFile, type SearchFile } from '../spec/search-file.js';
import { hasResults, trialsOf, type RecordedSearch, type RecordedTrial } from './recorded-search.js';
import { checkRounds } from './verify-rounds.js';
import { firstDifference, type RecordFinding } from './verify-values.js';

/**
 * Everything that a search's record lets check without training: the file's sum; that the file stands for the specification, which
 * has its hash; that each round follows, to the last bit, from the specification and the results before it; that states agree;
 * the result digest.
 *
 * What was found first comes first; what follows from a finding is not found again as far as that can be told.
 */
export function checkRecord(search: RecordedSearch): RecordFinding[] {
  const findings: RecordFinding[] = [];
  const expect = (what: string, recorded: Json | undefined, expected: Json | undefined): void => {
    if (recorded !== expected) findings.push({ what, recorded, expected });
  };
  if (search.fileSha256 !== '') expect("the file's sum", search.fileSha256, sha256Hex(search.specYaml));
  const spec = checkSpecification(search, findings);
  if (spec !== undefined) {
    expect("the search's name", search.name, spec.name);
    expect("the search's seed", search.seed, spec.seed);
    findings.push(...checkRounds(spec, search));
  }
  checkStates(search, findings);
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
    const data = firstDifference(identities(search.datasets), identities(parsed.datasets));
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
    if (error instanceof VernierError) return error;
    throw error;
  }
}

function identities(datasets: readonly { name: string; sha256: string }[]): Json {
  return Object.fromEntries(datasets.map(({ name, sha256 }) => [name, sha256]));
}

function checkStates(search: RecordedSearch, findings: RecordFinding[]): void {
  const trials = trialsOf(search);
  for (const trial of trials) {
    const what = `trial ${trial.number}, state`;
    if (!isEnded(trial)) findings.push({ what, recorded: trial.state, expected: `ended, as the search is` });
    else if (!hasResults(trial) && resultsOf(trial) !== '') {
      findings.push({ what, recorded: trial.state, expected: `completed or diverged: it has ${resultsOf(trial)}` });
    }
  }
  const done = trials.filter(isEnded).length;
  if (search.trialsDone !== done) {
    findings.push({ what: 'trials that have ended', recorded: search.trialsDone, expected: done });
  }
  if (search.state === 'completed' && search.trialsTotal !== trials.length) {
    findings.push({ what: 'trials in all', recorded: search.trialsTotal, expected: trials.length });
  }
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
