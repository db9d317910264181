import type { Dropout, RecordsRegion } from '../../kernel/kernel.js';
import type { Normalisation } from '../../trainers/trainer.js';
import { canonical, type Tensor } from '../weights.js';
import type { CheckedTensor } from './checked.js';
import { checkedOf, entriesOf, parametersOf, type CheckState } from './state.js';

/** The records as the network sees them, in float64: x = (byte - mean) * (1 / deviation). */
export function sampleTensors(
  memory: WebAssembly.Memory,
  records: RecordsRegion,
  rows: Uint32Array,
  { mean, deviation }: Normalisation,
): Tensor[] {
  const { inputs } = records;
  const inverse = deviation.map((value) => 1 / value);
  const x = new Float64Array(rows.length * inputs);
  const labels = new BigInt64Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const image = new Uint8Array(memory.buffer, records.images.offset + row * inputs, inputs);
    for (let k = 0; k < inputs; k++) {
      x[i * inputs + k] = ((image[k] as number) - (mean[k] as number)) * (inverse[k] as number);
    }
    labels[i] = BigInt(new Uint8Array(memory.buffer, records.labels.offset + row, 1)[0] as number);
  }
  return [
    { name: 'inputs', shape: [rows.length, inputs], data: x },
    { name: 'labels', shape: [rows.length], data: labels },
    { name: 'samples', shape: [rows.length], data: BigInt64Array.from(rows, BigInt) },
  ];
}

/** What each hidden unit is multiplied with for each sample: dropout1 [samples, units], dropout2, ... */
export function dropoutTensors(dropout: Dropout | undefined, samples: number): Tensor[] {
  return (dropout?.kept ?? []).map((kept, layer) => {
    const factors = Float64Array.from(kept, (keeps) => (keeps === 1 ? (dropout?.scale ?? 1) : 0));
    return { name: `dropout${layer + 1}`, shape: [samples, kept.length / samples], data: factors };
  });
}

/** All that a check compares: parameters, analytic gradients, and the costs that its differences are made of. */
export function checkTensors(state: CheckState, tensors: readonly CheckedTensor[]): Tensor[] {
  const single = (name: string, [value = NaN]: Float64Array): Tensor => numbers(name, [], [value]);
  return [
    single('loss', state.loss),
    single('cost', state.cost),
    ...tensors.map((tensor) => numbers(tensor.name, tensor.shape, parametersOf(state.parameters, tensor))),
    ...tensors.map((tensor) => numbers(`${tensor.name}.gradient`, tensor.shape, parametersOf(state.gradients, tensor))),
    ...tensors.flatMap((tensor) => movedTensors(state, tensor)),
  ];
}

function movedTensors(state: CheckState, tensor: CheckedTensor): Tensor[] {
  const { name, shape, count } = tensor;
  const entries = entriesOf(state, tensor);
  const of = entries === undefined ? shape : [count];
  return [
    numbers(`${name}.cost_raised`, of, checkedOf(state.raised, tensor)),
    numbers(`${name}.cost_lowered`, of, checkedOf(state.lowered, tensor)),
    ...(entries === undefined
      ? []
      : [{ name: `${name}.entries`, shape: [count], data: BigInt64Array.from(entries, BigInt) }]),
  ];
}

/** A copy outside the shared memory. */
function numbers(name: string, shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { name, shape, data: canonical(Float64Array.from(values)) };
}
