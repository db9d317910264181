import { closest } from '../../proto/closest.js';
import type { Goal, Metric } from '../../proto/domain.js';
import { LONGEST_COMPARED } from './mismatch.js';
import type { Problems } from './problems.js';
import type { RoundDraft } from './rounds.js';
import type { SearchPart } from './search-schema.js';
import { quote, valueAt, type SourceMap } from './source.js';
import type { TrainerMetrics } from './trainers/trainer-rules.js';
import type { TrialFacts } from './trials.js';

/** What a metric asks for by its name: accuracies are better high, all others low. */
function naturalGoal(name: string): Goal {
  return name.endsWith('_accuracy') ? 'maximize' : 'minimize';
}

/** @returns the metric as far as it is sound and known to the trainer */
export function checkMetric(
  root: SourceMap,
  part: SearchPart,
  metrics: TrainerMetrics,
  problems: Problems,
): Metric | undefined {
  const written = valueAt(root, ['metric', 'name']);
  const name = part.metric?.name;
  if (name === undefined || written === undefined) return undefined;
  if (!metrics.names.includes(name)) {
    const meant = closest(name.slice(0, LONGEST_COMPARED), metrics.names) ?? metrics.meant(name);
    problems.blame(written, {
      rule: 'unknown-metric',
      message: `there is no metric ${quote(name)}; trials have ${metrics.inWords}`,
      suggestion: meant === undefined ? `write ${metrics.usual}` : `did you mean ${meant}?`,
    });
    return undefined;
  }
  const natural = naturalGoal(name);
  const goal = part.metric?.goal;
  const place = valueAt(root, ['metric', 'goal']);
  if (goal !== undefined && place !== undefined && goal !== natural) {
    const message = `${name} is to be ${natural}d, and goal ${goal} would look for the worst`;
    problems.add({
      rule: 'goal-contradicts-metric',
      message,
      offset: place.offset,
      suggestion: `write goal: ${natural}`,
    });
  }
  return { name, goal: natural };
}

/** Rounds may lack the metric, but not all of them, and not one whose best are asked for. */
export function checkMetricEvaluated(
  root: SourceMap,
  metric: Metric,
  rounds: readonly RoundDraft[],
  facts: readonly TrialFacts[],
  { mend }: TrainerMetrics,
  problems: Problems,
): void {
  const offset = valueAt(root, ['metric', 'name'])?.offset ?? root.owner;
  if (facts.length > 0 && facts.every(({ lacks }) => lacks !== undefined)) {
    const message = `no round has the metric ${metric.name}: ${facts.at(-1)?.lacks}`;
    problems.add({ rule: 'metric-not-evaluated', message, offset, suggestion: mend(metric.name) });
    return;
  }
  for (const [index, round] of rounds.entries()) {
    const lacks = facts[index - 1]?.lacks;
    const before = rounds[index - 1];
    if (lacks === undefined || before === undefined) continue;
    for (const [key, does] of [
      ['narrow', 'narrows'],
      ['carry', 'carries'],
    ] as const) {
      const entry = round.map.entries.get(key);
      if (entry === undefined) continue;
      problems.add({
        rule: 'metric-not-evaluated',
        message: `${round.label} ${does} by ${metric.name}, which ${before.label} does not have: ${lacks}`,
        offset: entry.keyOffset,
        suggestion: mend(metric.name),
      });
    }
  }
}
