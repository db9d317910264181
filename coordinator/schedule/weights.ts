import { isBetter, type Goal, type SearchSpec } from '../../proto/domain.js';
import { rankConfigurations } from '../search/ranking.js';
import { isEnded, type Trial } from './trial.js';

/** When a worker uploads a trial's weights with its result; see WeightsPolicy in proto/vernier.proto. */
export type WeightsPolicy =
  | { keep: 'never' }
  | { keep: 'always' }
  /** When the trial's `metric` is better than `score`, or there is no score yet. */
  | { keep: 'if-better'; metric: string; goal: Goal; score: number | undefined };

/**
 * Which weights a search keeps. One that keeps the best keeps those of the best configuration of the last round that has the
 * metric, as far as that shows: a configuration is ranked when the last of its repeats has ended.
 */
export class KeptWeights {
  /** Trials whose weights are kept now, of all rounds. */
  private readonly kept = new Set<Trial>();
  /** The present round's trials by configuration. */
  private readonly configurations = new Map<number, Trial[]>();
  /** The best configuration of the present round so far, by its first trial's number. */
  private best: { number: number; score: number; trials: ReadonlySet<Trial> } | undefined;

  constructor(private readonly spec: SearchSpec) {}

  roundOpened(trials: readonly Trial[]): void {
    this.best = undefined;
    this.configurations.clear();
    for (const trial of trials) {
      const repeats = this.configurations.get(trial.configuration);
      if (repeats === undefined) this.configurations.set(trial.configuration, [trial]);
      else repeats.push(trial);
    }
  }

  /** A trial of the present round has ended. Trials whose weights need not be kept any longer. */
  ended(trial: Trial): Trial[] {
    if (this.spec.keepWeights !== 'best') return [];
    if (trial.weightsBlob !== '') this.kept.add(trial);
    const repeats = (this.configurations.get(trial.configuration) ?? []).filter(isEnded);
    if (repeats.length < this.spec.trainingSeeds.length) return [];
    const [ranked] = rankConfigurations(repeats, this.spec.metric);
    const number = Math.min(...repeats.map((repeat) => repeat.number));
    if (ranked !== undefined && this.isBest(ranked.score, number)) {
      this.best = { number, score: ranked.score, trials: new Set(repeats) };
    }
    const { best } = this;
    if (best === undefined) return this.drop(({ configuration }) => configuration === trial.configuration, repeats);
    // Rounds before this one have lost the best, and so has every configuration that is ranked below it.
    const unsettled = (other: Trial) =>
      (this.configurations.get(other.configuration)?.includes(other) ?? false) && !this.isSettled(other.configuration);
    return this.drop((other) => !best.trials.has(other) && !unsettled(other), [...this.kept]);
  }

  /** What the worker of the present round's trial of this number shall do. */
  policy(number: number): WeightsPolicy {
    if (this.spec.keepWeights !== 'best') return { keep: this.spec.keepWeights === 'all' ? 'always' : 'never' };
    // Whose weights count shows only when the last repeat has ended.
    if (this.spec.trainingSeeds.length > 1) return { keep: 'always' };
    const { name: metric, goal } = this.spec.metric;
    if (this.best === undefined) return { keep: 'if-better', metric, goal, score: undefined };
    // Of equal scores the lower number is the best: a lower trial has to bring its weights at a tie, too.
    const score = number < this.best.number ? worseNeighbour(this.best.score, goal) : this.best.score;
    return { keep: 'if-better', metric, goal, score };
  }

  private isBest(score: number, number: number): boolean {
    const { best } = this;
    if (best === undefined || isBetter(this.spec.metric.goal, score, best.score)) return true;
    return score === best.score && number < best.number;
  }

  private isSettled(configuration: number): boolean {
    return this.configurations.get(configuration)?.every(isEnded) ?? true;
  }

  private drop(which: (trial: Trial) => boolean, among: readonly Trial[]): Trial[] {
    const dropped = among.filter((trial) => this.kept.has(trial) && which(trial));
    for (const trial of dropped) this.kept.delete(trial);
    return dropped;
  }
}

/** The next double on the worse side, so that the score itself is better than it. */
function worseNeighbour(score: number, goal: Goal): number {
  const worse = goal === 'maximize' ? -1 : 1;
  if (score === 0) return worse * Number.MIN_VALUE;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, score);
  // Doubles of one sign are ordered as whole numbers are, away from zero.
  bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(score > 0 ? worse : -worse));
  return bits.getFloat64(0);
}
