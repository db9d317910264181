import type { Json } from '../../../proto/canonical.js';
import type { SearchSpec } from '../../../proto/domain.js';
import { openRound } from '../../search/open-round.js';
import type { FinishedRound, FinishedTrial, OpenedRound, PlannedTrial, RoundImpossible } from '../../search/round.js';
import type { RecordedRound, RecordedSearch, RecordedTrial } from './recorded-search.js';
import { firstDifference, type RecordFinding } from './values.js';

/**
 * Plans every round again, from the specification and the recorded results of the rounds before it, and compares it with the recorded
 * one: interval, trials, and of each trial number, parameters, settings, training seed and origin, to the last bit.
 */
export function checkRounds(spec: SearchSpec, search: Pick<RecordedSearch, 'rounds' | 'state'>): RecordFinding[] {
  const findings: RecordFinding[] = [];
  const finished: FinishedRound[] = [];
  let before = 0;
  for (const recorded of search.rounds) {
    const planned = plan(spec, finished);
    if ('impossible' in planned) {
      findings.push({ what: `round ${recorded.name}`, recorded: 'is there', expected: planned.impossible });
      return findings;
    }
    const first = before + 1;
    compare(`round ${planned.name}`, aspects(recorded), aspects(planned), findings);
    planned.trials.forEach((trial, index) => {
      const of = recorded.trials[index];
      if (of !== undefined) compareTrials(of, trial, first + index, findings);
    });
    // Goes on with what was planned: a wrong record is found where it is wrong, and not once more in what follows from it.
    finished.push(withResults(planned, recorded, first));
    before += planned.trials.length;
  }
  checkEnd(spec, search, finished, findings);
  return findings;
}

function plan(spec: SearchSpec, finished: readonly FinishedRound[]): OpenedRound | RoundImpossible {
  if (finished.length >= spec.rounds.length) {
    return { impossible: `none: the specification has ${spec.rounds.length} rounds` };
  }
  return openRound(spec, finished);
}

/** What of a round is compared, its trials apart. */
function aspects(round: OpenedRound | RecordedRound): Record<string, Json> {
  const { index, name, method, interval, trials } = round;
  return {
    index,
    name,
    method,
    interval: Object.fromEntries(Object.entries(interval).map(([key, { min, max }]) => [key, { min, max }])),
    'number of trials': trials.length,
  };
}

function compareTrials(
  recorded: RecordedTrial,
  planned: PlannedTrial,
  number: number,
  findings: RecordFinding[],
): void {
  const of = (trial: PlannedTrial): Record<string, Json> => ({
    parameter: trial.parameters,
    settings: trial.config,
    seed: trial.seed,
    configuration: trial.configuration,
    'carried from': trial.carriedFrom,
  });
  compare(`trial ${number}`, { ...of(recorded), number: recorded.number }, { ...of(planned), number }, findings);
}

/** Every aspect that differs, each with its first difference. */
function compare(
  what: string,
  recorded: Record<string, Json>,
  planned: Record<string, Json>,
  findings: RecordFinding[],
): void {
  for (const aspect of Object.keys(planned)) {
    const different = firstDifference(recorded[aspect], planned[aspect]);
    if (different === undefined) continue;
    const place = [aspect, different.path].filter((part) => part !== '').join(' ');
    findings.push({ what: `${what}, ${place}`, recorded: different.a, expected: different.b });
  }
}

function withResults(planned: OpenedRound, recorded: RecordedRound, first: number): FinishedRound {
  const trials = planned.trials.flatMap((trial, index): FinishedTrial[] => {
    const of = recorded.trials[index];
    if (of === undefined || of.state === 'pending' || of.state === 'leased') return [];
    return [{ ...trial, number: first + index, state: of.state, metrics: of.metrics }];
  });
  return { ...planned, trials };
}

/** Whether the search ended where its rounds say that it ends. */
function checkEnd(
  spec: SearchSpec,
  { state, rounds }: Pick<RecordedSearch, 'rounds' | 'state'>,
  finished: readonly FinishedRound[],
  findings: RecordFinding[],
): void {
  if (state === 'completed') {
    for (const { name, closed } of rounds) {
      if (!closed) findings.push({ what: `round ${name}`, recorded: 'open', expected: 'closed' });
    }
    if (rounds.length < spec.rounds.length) {
      findings.push({ what: 'number of rounds', recorded: rounds.length, expected: spec.rounds.length });
    }
  } else if (state === 'failed') {
    const trialFailed = rounds.some(({ trials }) => trials.some((trial) => trial.state === 'failed'));
    const stuck = rounds.length < spec.rounds.length && 'impossible' in plan(spec, finished);
    if (!trialFailed && !stuck) {
      findings.push({
        what: "the search's state",
        recorded: 'failed',
        expected: 'no trial failed, and rounds can go on',
      });
    }
  }
}
