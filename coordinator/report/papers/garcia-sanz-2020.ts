import type { FinalMetrics, LearningFigures, Paper } from './paper.js';

const GRADIENTS = 'gradient-check';
const CYCLICAL_1 = 'cyclical-1';
const CYCLICAL_2 = 'cyclical-2';
const LAMBDA = 'lambda-search';

const MEASURES = ['cost', 'loss', 'accuracy'] as const;

/** Three figures of one training, as the paper has them. */
function figures(first: number, experiment: string, which: string, round?: string): LearningFigures {
  return {
    kind: 'curves',
    experiment,
    ...(round === undefined ? {} : { round }),
    figures: MEASURES.map((measure, index) => ({
      number: first + index,
      measure,
      caption: `${measure.charAt(0).toUpperCase()}${measure.slice(1)} over training epochs, ${which}.`,
    })),
  };
}

const LAST_METRICS: FinalMetrics['metrics'] = [
  { metric: 'test_accuracy', what: 'test accuracy' },
  { metric: 'val_accuracy', what: 'validation accuracy' },
  { metric: 'train_accuracy', what: 'training accuracy' },
  { metric: 'val_cost', what: 'validation cost' },
  { metric: 'train_cost', what: 'training cost' },
  { metric: 'val_loss', what: 'validation loss' },
  { metric: 'train_loss', what: 'training loss' },
];

/** Tables 1 to 4 as printed: W1, W2, b1, b2 by forward differences, then by central ones. */
function gradientTable(number: number, seed: number, choice: 'first' | 'random', forward: number[], central: number[]) {
  return {
    kind: 'gradients',
    experiment: GRADIENTS,
    label: `Table ${number}`,
    caption: `seed ${seed}, ${choice === 'first' ? 'the first 20 samples' : '20 random samples'}.`,
    trial: { seed, parameters: { 'samples.choice': choice } },
    entries: ['W1', 'W2', 'b1', 'b2'].map((tensor, index) => ({
      tensor,
      forward: forward[index] ?? NaN,
      central: central[index] ?? NaN,
    })),
  } as const;
}

/** The report whose results the first search files of this project give again. */
export const garciaSanz2020: Paper = {
  id: 'garcia-sanz-2020',
  title: 'García Sanz (2020), a two-layer network on CIFAR-10, reproduced',
  reference: 'F. García Sanz, Deep Learning in Data Science, Assignment 2, 6 April 2020',
  summary: 'a two-layer network on CIFAR-10: gradient checks, cyclical learning rates, the search for lambda',
  introduction: [
    'The network has 3072 inputs, 50 hidden ReLU units and 10 softmax outputs, and is trained by mini-batch gradient descent on the mean cross entropy plus λ times the sum of the squared weights.',
    'The paper’s random numbers are of Python’s NumPy, those here of another generator: the same seed gives other initial weights, mini-batches and values of λ. What has to agree is the order of magnitude of rounding errors, accuracies within a point, and the shape of the curves.',
  ],
  experiments: [
    { file: 'configs/paper/gradient-check.yaml', name: GRADIENTS, ownSeeds: true },
    { file: 'configs/paper/cyclical-1.yaml', name: CYCLICAL_1 },
    { file: 'configs/paper/cyclical-2.yaml', name: CYCLICAL_2 },
    { file: 'configs/paper/lambda-search.yaml', name: LAMBDA },
  ],
  sections: [
    {
      heading: 'Comparison of analytical and numerical gradients',
      parts: [
        {
          kind: 'prose',
          text: 'The gradient that back-propagation gives, against forward differences of the cost (the paper’s “numerical”) and central ones (its “slow”), in float64, with step h = 1e-5 and λ = 0, at the initial parameters. The paper does not say what its entries are; an independent computation finds that they are the absolute difference of the means over the tensor, |mean(analytic) − mean(numeric)|.',
        },
        {
          kind: 'prose',
          text: 'Such a difference flatters, because errors of both signs cancel. Beside it stand the mean and the greatest absolute difference over the entries, and the greatest relative error |a − n| / max(eps, |a| + |n|). Entries of the central differences far below 1e-11 are rounding noise, a few quanta of the cost’s last digit: of them only the order of magnitude, and often not even that, can be had again with other random numbers.',
        },
        gradientTable(
          1,
          42,
          'first',
          [4.415e-8, 1.944e-7, 4.415e-8, 4.096e-7],
          [4.717e-14, 3.997e-13, 7.745e-13, 4.718e-18],
        ),
        gradientTable(
          2,
          400,
          'first',
          [4.117e-8, 1.757e-7, 4.114e-8, 4.322e-7],
          [1.463e-14, 1.021e-12, 2.431e-12, 4.441e-12],
        ),
        gradientTable(
          3,
          42,
          'random',
          [3.407e-8, 1.683e-7, 4.288e-8, 4.295e-7],
          [5.171e-14, 4.885e-13, 9.15e-13, 5.551e-19],
        ),
        gradientTable(
          4,
          400,
          'random',
          [3.255e-8, 1.552e-7, 4.251e-8, 4.301e-7],
          [2.145e-14, 2.22e-13, 7.851e-13, 2.22e-12],
        ),
      ],
    },
    {
      heading: 'Cyclical learning rates',
      parts: [
        { kind: 'heading', text: 'Configuration 1' },
        {
          kind: 'prose',
          text: 'η from 1e-5 to 1e-1 and back, λ = 0.01, half a cycle of 500 update steps, one cycle: 10 epochs of 100 mini-batches of 100. Trained on data_batch_1, validated on data_batch_2, tested on test_batch.',
        },
        figures(1, CYCLICAL_1, 'configuration 1'),
        {
          kind: 'final',
          experiment: CYCLICAL_1,
          name: 'Configuration 1',
          caption: 'Configuration 1 after its last epoch',
          paper: { test_accuracy: 0.4578 },
          metrics: LAST_METRICS,
        },
        { kind: 'heading', text: 'Configuration 2' },
        {
          kind: 'prose',
          text: 'As configuration 1, with half a cycle of 800 update steps and three cycles: 48 epochs.',
        },
        figures(4, CYCLICAL_2, 'configuration 2'),
        {
          kind: 'final',
          experiment: CYCLICAL_2,
          name: 'Configuration 2',
          caption: 'Configuration 2 after its last epoch',
          paper: { test_accuracy: 0.4674 },
          metrics: LAST_METRICS,
        },
      ],
    },
    {
      heading: 'Search for λ',
      parts: [
        {
          kind: 'prose',
          text: 'An accuracy of 52 % on 5,000 records has a standard error of 0.7 points, more than the best three of either search differ by in the paper. Which λ is best is therefore left to chance among many that are as good; the accuracies are what can be compared.',
        },
        { kind: 'heading', text: 'Coarse search' },
        {
          kind: 'prose',
          text: 'Eight values, log10 λ uniform in [−5, −1], each trained for two cycles (four epochs) on 45,000 records; 5,000 validate.',
        },
        {
          kind: 'best',
          experiment: LAMBDA,
          round: 'coarse',
          name: 'Coarse search',
          caption: 'The three best of the coarse search',
          parameter: 'lambda',
          entries: [
            { accuracy: 0.5198, log10: -2.7488288 },
            { accuracy: 0.5164, log10: -2.99472691 },
            { accuracy: 0.5162, log10: -4.46580721 },
          ],
        },
        { kind: 'heading', text: 'Fine search' },
        {
          kind: 'prose',
          text: 'Eight new values between the best two of the coarse search, and its three best again, for four cycles.',
        },
        {
          kind: 'best',
          experiment: LAMBDA,
          round: 'fine',
          name: 'Fine search',
          caption: 'The three best of the fine search',
          parameter: 'lambda',
          entries: [
            { accuracy: 0.5268, log10: -2.94991004 },
            { accuracy: 0.5248, log10: -2.88229322 },
            { accuracy: 0.5244, log10: -2.92952672 },
          ],
        },
        { kind: 'heading', text: 'Best λ' },
        {
          kind: 'prose',
          text: 'The best λ of the fine search on 49,000 records, 1,000 validating, for three cycles with half a cycle of 1,960 update steps: 24 epochs.',
        },
        figures(7, LAMBDA, 'the best λ', 'best-lambda'),
        {
          kind: 'final',
          experiment: LAMBDA,
          round: 'best-lambda',
          name: 'Best λ',
          caption: 'The best λ after its last epoch',
          paper: { test_accuracy: 0.5221 },
          metrics: LAST_METRICS,
        },
      ],
    },
  ],
};
