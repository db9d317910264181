import { z } from 'zod';
import type { Json } from '../../../proto/canonical.js';
import type { Parameters, RoundSpec, SearchSpec } from '../../../proto/domain.js';
import { twoLayerSchema } from '../../../proto/trainers/two-layer.js';
import type { LearningRate } from '../../../proto/training/learning-rate.js';
import { planTraining, type TrainingPlan } from '../../../proto/training/plan.js';
import { bindParameters } from '../../search/bind.js';

/** The learning rate of one round's trials. */
export interface RoundSchedule {
  /** Of the round. */
  name: string;
  rate: LearningRate;
  plan: TrainingPlan;
  cycles: number | undefined;
}

/** A round whose learning rate the file and the chosen trial do not tell. */
export interface UntoldSchedule {
  name: string;
  /** Parameters that decide it, drawn when the round opens; none where its trials have no learning rate. */
  drawn: string[];
}

/** What a plan needs of a trial's settings; other settings are no concern of the rate's. */
const plannedSchema = z.object({
  ...twoLayerSchema.pick({ batch_size: true, learning_rate: true, cycles: true, epochs: true }).shape,
  dataset: z.object({ train: z.int().min(1) }),
});
const DECIDES = Object.keys(plannedSchema.shape);

/** Those of a trial's settings that its plan follows from; undefined where it has no learning rate. */
export function plannedSettings(config: { [key: string]: Json }): z.output<typeof plannedSchema> | undefined {
  const parsed = plannedSchema.safeParse(config);
  return parsed.success ? parsed.data : undefined;
}

/**
 * The learning rate of every round, with the parameters of one of the first round's trials: what that trial itself has, and what it
 * has where it is carried. A round that draws other parameters which decide the rate is not told before it opens.
 */
export function scheduleRounds(spec: SearchSpec, parameters: Parameters): (RoundSchedule | UntoldSchedule)[] {
  return spec.rounds.map((round, index) => {
    const known = index === 0 ? parameters : parametersIn(round, spec, parameters);
    const drawn = Object.keys(round.parameters).filter((name) => !(name in known) && decides(name));
    const settings = plannedSettings(bindParameters(round.trial, known));
    if (drawn.length > 0 || settings === undefined) return { name: round.name, drawn };
    const { learning_rate: rate, cycles } = settings;
    return { name: round.name, rate, plan: planTraining(settings), cycles };
  });
}

/** What the trial's parameters are in a later round: all of them where it is carried, else those that the round has too. */
function parametersIn(round: RoundSpec, spec: SearchSpec, parameters: Parameters): Parameters {
  const constants = constantsOf(round);
  if (round.carry !== undefined) return { ...constants, ...parameters };
  const here = Object.entries(parameters).filter(([name]) => name in spec.parameters || name in round.parameters);
  return { ...Object.fromEntries(here), ...constants };
}

export function isTold(round: RoundSchedule | UntoldSchedule): round is RoundSchedule {
  return 'plan' in round;
}

/** Whether a setting, as a dotted path, changes the learning rate of any update step. */
export function decides(path: string): boolean {
  return DECIDES.some((name) => path === name || path.startsWith(`${name}.`));
}

function constantsOf({ parameters }: RoundSpec): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, definition]) =>
      definition.distribution === 'constant' ? [[name, definition.value]] : [],
    ),
  );
}
