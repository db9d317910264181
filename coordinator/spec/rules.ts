/**
 * Every rule that a search file can break, by its stable name, and what keeping it means. docs/search-file.md lists the same
 * names, which a test compares.
 */
export const RULES = {
  // The text.
  'file-too-large': 'a search file has at most 1 MiB, 100,000 words and 64 levels',
  'yaml-syntax': 'the file is YAML 1.2',
  'several-documents': 'the file holds one document',
  'empty-file': 'the file holds something',
  'duplicate-key': 'a map has each key once',
  'alias-expansion': 'aliases and merge keys name what stands before, and all together stay small',
  // The shape.
  'unknown-key': 'only the documented keys are used',
  'missing-key': 'every required key is there',
  'wrong-type': 'a value has the type of its key',
  'number-as-text': 'numbers are written without quotes and separators',
  'ambiguous-number': 'a number means the same in YAML 1.1 and 1.2',
  'out-of-range': 'a value lies within the limits of its key',
  'unknown-value': 'a word is one of those its key takes',
  'one-of-several': 'of keys that exclude each other exactly one is given',
  // Metric and seeds.
  'unknown-metric': 'the metric is one that the trials have',
  'goal-contradicts-metric': 'accuracies are maximized; costs, losses, differences and errors are minimized',
  'metric-not-evaluated': 'a round has the metric, and so has every round that is narrowed or carried from',
  'duplicate-seed': 'training seeds differ',
  // Parameters.
  'unsupported-distribution': 'a distribution is one of those that Vernier draws from',
  'min-not-below-max': 'min is below max',
  'log-range': 'a logarithmic range lies above 0',
  'exponents-for-values': 'a range holds the values themselves, not their logarithms',
  'integer-range': 'a range of whole numbers feeds a setting of whole numbers',
  'fractions-for-whole-numbers': 'a setting of whole numbers is fed whole numbers',
  'no-multiple-of-q': 'a quantised range holds a multiple of q',
  probabilities: 'probabilities fit the values one to one and add up to 1',
  'duplicate-value': 'the values of a list differ',
  'unknown-path': 'a parameter is named after a setting of the trial',
  'paths-overlap': 'no parameter feeds a setting inside the setting of another',
  // Rounds.
  'duplicate-round': 'rounds have different names',
  'nothing-to-run': 'a round draws configurations, carries some, or both',
  'first-round': 'the first round neither narrows nor carries',
  'more-than-there-are': 'a round carries and narrows from no more configurations than the one before has',
  'narrow-without-range': 'what is narrowed is drawn from a range, in a round that draws',
  'new-parameter': 'what is named to be narrowed had different numbers in the round before',
  'grid-range': 'a grid is made of values that can be counted',
  'grid-trials': "a grid round's trials are its points",
  'too-few-points': 'a random round asks for no more configurations than the space has',
  'too-many-trials': 'a round has at most 100,000 trials',
  // The trial.
  'unknown-dataset': 'the data set is known',
  'split-too-large': "training and validation records fit in the data set's training records",
  'too-many-samples': "a gradient check's samples fit in the training records",
  'check-too-large': 'a gradient check fits in the 4 GiB of kernel memory that a node has',
  'batch-too-large': 'a mini-batch fits in the training records',
  'rate-range': "a schedule's minimum does not exceed its maximum",
  'rate-growth': 'a rate that grows exponentially begins above 0',
  'warmup-too-long': 'a warm-up is shorter than the training',
  length: 'the length of training is given once, by cycles or by epochs',
  'cycles-without-schedule': 'cycles belong to a cyclical schedule',
  'too-long': 'a trial has at most 20,000 epochs',
  'no-test-records': 'test: true needs test records',
  'flips-without-images': 'horizontal flips need records that are images',
  'stopping-without-loss': 'early stopping needs val_loss after every epoch',
  'average-without-cycles': 'the average over cycles needs a cyclical schedule',
} as const;

export type Rule = keyof typeof RULES;
