/** The main job's shape on the embedded data: coarse, fine, final, in a few seconds. */
export function searchFile({ name = 'e2e', cycles = 1, hidden = 20, parameters = '' } = {}): string {
  return `
name: ${name}
seed: 7
metric: { name: val_accuracy, goal: maximize }
trial:
  kind: two-layer
  dataset: { name: fashion-mnist-mini, train: 2000, validation: 500 }
  hidden: ${hidden}
  batch_size: 50
  learning_rate: { schedule: triangular, min: 1.0e-5, max: 1.0e-1, step_size: { epochs: 1 } }
parameters:
  lambda: { distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1 }
  ${parameters}
rounds:
  - { name: coarse, method: random, trials: 6, trial: { cycles: ${cycles} } }
  - { name: fine, method: random, trials: 4, narrow: { between: { best: 2 } }, carry: { best: 2 }, trial: { cycles: ${2 * cycles} } }
  - { name: final, carry: { best: 1 }, trial: { cycles: ${2 * cycles}, test: true, evaluate: { train: epoch } } }
`;
}
