import { z } from 'zod';

/* Settings of networks that trainers share. */

/** Network sizes beyond these would not fit a node's 4 GiB kernel memory; they catch slips of the keyboard. */
const MAX_UNITS = 65_536;
export const MAX_HIDDEN_LAYERS = 8;
/** Records that a network sees at once, a mini-batch. */
export const MAX_BATCH = 65_536;

export const positiveInteger = z.int().min(1);
const units = positiveInteger.max(MAX_UNITS);

/** Units of the hidden layer; several layers as a list. */
export const hiddenSchema = z.union([units, z.array(units).min(1).max(MAX_HIDDEN_LAYERS)]);

type Hidden = z.output<typeof hiddenSchema>;

/** Units per layer of a network: inputs, hidden ..., classes. */
export function networkLayers({ hidden }: { hidden: Hidden }, data: { inputs: number; classes: number }): number[] {
  return [data.inputs, ...(typeof hidden === 'number' ? [hidden] : hidden), data.classes];
}

/** A network's tensors in order: W1, b1, W2, ... */
export function tensorNames(weightMatrices: number): string[] {
  return Array.from({ length: weightMatrices }, (_, layer) => [`W${layer + 1}`, `b${layer + 1}`]).flat();
}

const INITIALISATIONS = ['lecun', 'he', 'xavier'] as const;
export type Initialisation = (typeof INITIALISATIONS)[number];

/** The first weights' deviation (docs/numerics.md); `lecun` is as without. */
export const initialisationSchema = z.enum(INITIALISATIONS);

/** The probability with which a record drops a hidden unit, of every hidden layer; 0 is as without. */
export const dropoutSchema = z.number().min(0).lt(1);
