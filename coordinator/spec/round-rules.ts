import type { Distribution } from '../../proto/domain.js';
import { isNumeric } from '../search/distribution.js';
import { gridSize } from '../search/grid.js';
import { multiplesWithin } from '../search/quantise.js';
import { checkNarrow } from './narrow-rules.js';
import type { Problems } from './problems.js';
import type { RoundDraft } from './rounds.js';
import { MAX_CONFIGURATIONS } from './search-schema.js';
import { valueAt } from './source.js';

/**
 * The second pass over rounds: what each asks of itself and of the one before.
 *
 * @param repeats trainings of each configuration
 */
export function checkRounds(rounds: readonly RoundDraft[], repeats: number, problems: Problems): void {
  const names = new Map<string, RoundDraft>();
  for (const [position, round] of rounds.entries()) {
    const before = rounds[position - 1];
    const same = round.name === undefined ? undefined : names.get(round.name);
    if (same !== undefined) {
      const offset = valueAt(round.map, ['name'])?.offset ?? round.offset;
      const suggestion = 'give every round a name of its own';
      problems.add({ rule: 'duplicate-round', message: `${round.label} is there already`, offset, suggestion });
    } else if (round.name !== undefined) names.set(round.name, round);
    checkMethod(round, problems);
    if (round.method === 'grid') checkGrid(rounds, position, problems);
    if (round.method === 'random') checkRandom(rounds, position, problems);
    checkAmount(round, repeats, problems);
    checkCarry(round, before, problems);
    checkNarrow(round, before, configurationsOf(before), problems);
  }
}

/** Configurations of a round, carried ones among them; undefined while unknown. A grid may have fewer: it repeats no carried one. */
function configurationsOf(round: RoundDraft | undefined): number | undefined {
  if (round === undefined || round.method === undefined) return undefined;
  const drawn = round.method === 'none' ? 0 : newConfigurations(round);
  const carried = round.map.entries.has('carry') ? round.carry : 0;
  return drawn === undefined || carried === undefined ? undefined : drawn + carried;
}

/** New configurations of a round that draws; undefined while unknown. */
export function newConfigurations(round: RoundDraft): number | undefined {
  if (round.method !== 'grid') return round.trials;
  const definitions = definitionsOf(round);
  return definitions === undefined ? undefined : gridSize(definitions);
}

function definitionsOf(round: RoundDraft): Record<string, Distribution> | undefined {
  const definitions: [string, Distribution][] = [];
  for (const { name, distribution } of round.parameters.values()) {
    if (distribution === undefined) return undefined;
    definitions.push([name, distribution]);
  }
  return Object.fromEntries(definitions);
}

function checkMethod(round: RoundDraft, problems: Problems): void {
  const { map, label, method, offset } = round;
  const has = (key: string): boolean => map.entries.has(key);
  if (method === undefined && !has('method')) {
    problems.add({
      rule: 'nothing-to-run',
      message: `${label} has neither method and trials nor carry: it would run nothing`,
      offset,
      suggestion: 'add method: random, trials: 8',
    });
  }
  if (method === 'random' && !has('trials') && !has('run_cap')) {
    const message = `${label} draws at random, but trials is missing`;
    problems.add({ rule: 'missing-key', message, offset, about: 'trials', suggestion: 'add trials: 8' });
  }
  if (has('trials') && has('run_cap')) {
    const runCap = map.entries.get('run_cap')?.keyOffset ?? offset;
    const message = "trials and run_cap (W&B's word) both give the number of configurations";
    problems.add({ rule: 'one-of-several', message, offset: runCap, suggestion: 'keep trials' });
  }
}

/** Whether a parameter's interval may come from the rounds before instead of standing in the file. */
function mayBeHandedOn(rounds: readonly RoundDraft[], position: number): boolean {
  const round = rounds[position];
  const narrowed = rounds.slice(0, position + 1).some(({ map }) => map.entries.has('narrow'));
  if (round === undefined || !narrowed) return false;
  return [...round.parameters.values()].some(
    ({ name, distribution }) =>
      (distribution === undefined || isNumeric(distribution)) &&
      (round.map.entries.has('narrow') || !round.own.has(name)),
  );
}

function checkGrid(rounds: readonly RoundDraft[], position: number, problems: Problems): void {
  const round = rounds[position];
  if (round === undefined) return;
  for (const { name, distribution, keyOffset } of round.parameters.values()) {
    if (distribution === undefined) continue;
    const word = distribution.distribution;
    if (word === 'uniform' || word === 'log_uniform_values' || word === 'q_log_uniform_values') {
      problems.add({
        rule: 'grid-range',
        message: `${round.label} is a grid, and parameter ${name} (${word}) has no steps`,
        offset: keyOffset,
        suggestion: 'write values: [...], distribution: q_uniform with q, or method: random',
      });
    } else if (word === 'categorical' && distribution.probabilities !== undefined) {
      const message = `${round.label} is a grid, which takes every value of parameter ${name} once, whatever its probability`;
      problems.add({
        rule: 'grid-range',
        message,
        offset: keyOffset,
        suggestion: 'leave probabilities out, or write method: random',
      });
    }
  }
  const asked = valueAt(round.map, ['trials']) ?? valueAt(round.map, ['run_cap']);
  const points = newConfigurations(round);
  if (asked === undefined || round.trials === undefined) return;
  if (mayBeHandedOn(rounds, position)) {
    const message = `trials is ${round.trials}, but how many points the grid of ${round.label} has follows from the rounds before`;
    problems.add({ rule: 'grid-trials', message, offset: asked.offset, suggestion: 'leave trials out' });
  } else if (points !== undefined && points > 0 && points !== round.trials) {
    const message = `trials is ${round.trials}, but the grid of ${round.label} has ${points} points`;
    problems.add({
      rule: 'grid-trials',
      message,
      offset: asked.offset,
      suggestion: `leave trials out, or write trials: ${points}`,
    });
  }
}

/** Distinct configurations that can be drawn at random; infinite for continuous ranges. */
function distinctDraws(definitions: Record<string, Distribution>): number {
  return Object.values(definitions).reduce((product, definition) => product * distinctValues(definition), 1);
}

function distinctValues(definition: Distribution): number {
  if (definition.distribution === 'constant') return 1;
  if (definition.distribution === 'categorical') {
    return definition.probabilities?.filter((probability) => probability > 0).length ?? definition.values.length;
  }
  if (definition.distribution === 'int_uniform') return definition.max - definition.min + 1;
  if (!('q' in definition)) return Infinity;
  const { first, last } = multiplesWithin(definition.min, definition.max, definition.q);
  return last - first + 1;
}

function checkRandom(rounds: readonly RoundDraft[], position: number, problems: Problems): void {
  const round = rounds[position];
  const definitions = round === undefined ? undefined : definitionsOf(round);
  if (round?.trials === undefined || definitions === undefined || mayBeHandedOn(rounds, position)) return;
  const points = distinctDraws(definitions);
  if (points >= round.trials) return;
  const offset = (valueAt(round.map, ['trials']) ?? valueAt(round.map, ['run_cap']))?.offset ?? round.offset;
  problems.add({
    rule: 'too-few-points',
    message: `trials is ${round.trials}, but ${round.label} has only ${points} different configuration${points === 1 ? '' : 's'} to draw`,
    offset,
    suggestion: `write method: grid without trials, or trials: ${points}`,
  });
}

function checkAmount(round: RoundDraft, repeats: number, problems: Problems): void {
  const configurations = round.method === 'none' ? 0 : (newConfigurations(round) ?? 0);
  if (configurations * repeats <= MAX_CONFIGURATIONS) return;
  const each = repeats > 1 ? `, each trained ${repeats} times` : '';
  problems.add({
    rule: 'too-many-trials',
    message: `${round.label} has ${configurations} configurations${each}: more than ${MAX_CONFIGURATIONS} trials`,
    offset: (valueAt(round.map, ['trials']) ?? valueAt(round.map, ['method']))?.offset ?? round.offset,
    suggestion: 'draw fewer at random, and narrow round by round',
  });
}

function checkCarry(round: RoundDraft, before: RoundDraft | undefined, problems: Problems): void {
  const entry = round.map.entries.get('carry');
  if (entry === undefined) return;
  if (round.index === 0) {
    const message = `${round.label} is the first: there is nothing to carry`;
    problems.add({ rule: 'first-round', message, offset: entry.keyOffset, suggestion: 'remove carry' });
    return;
  }
  const there = configurationsOf(before);
  if (round.carry === undefined || there === undefined || before === undefined || round.carry <= there) return;
  problems.add({
    rule: 'more-than-there-are',
    message: `${round.label} carries the best ${round.carry}, but ${before.label} has ${there} configuration${there === 1 ? '' : 's'}`,
    offset: valueAt(round.map, ['carry', 'best'])?.offset ?? entry.keyOffset,
    suggestion: `carry at most ${there}`,
  });
}
