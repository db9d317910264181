import { VernierError } from '../../proto/errors.js';

/** Files that tell of another version of a data set, and what is needed instead. */
const OTHER_VERSIONS: readonly { file: string; instead: string }[] = [
  {
    file: 'data_batch_1',
    instead: 'this is the Python version of CIFAR-10; give the binary one, cifar-10-binary.tar.gz',
  },
  {
    file: 'data_batch_1.mat',
    instead: 'this is the Matlab version of CIFAR-10; give the binary one, cifar-10-binary.tar.gz',
  },
  { file: 'train.bin', instead: 'this is CIFAR-100; give CIFAR-10, cifar-10-binary.tar.gz' },
];

/**
 * The error for a folder or archive that does not hold all of a data set's files.
 *
 * @param found names of what it does hold
 * @param problem what was wrong with the archive itself
 */
export function lacking(
  origin: string,
  absent: readonly string[],
  found: ReadonlySet<string>,
  problem?: string,
): VernierError {
  const reason = problem === undefined ? '' : ` (${problem})`;
  const other = OTHER_VERSIONS.find(({ file }) => found.has(file));
  return new VernierError('DATASET_CORRUPT', `${origin}: does not hold ${absent.join(', ')}${reason}`, {
    mend: other?.instead ?? 'nothing was added; give the original archive, or the folder with all the files',
  });
}
