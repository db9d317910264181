import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownSources } from '../../../worker/datasets/own-files.js';
import { tempFolder } from '../../support/temp-folder.js';

const folder = tempFolder();
let count = 0;
function folderWith(...names: string[]): string {
  const made = join(folder, String(count++));
  mkdirSync(made);
  for (const name of names) writeFileSync(join(made, name), '');
  return made;
}

describe('ownSources', () => {
  it.each([
    [['train-images.npy', 'train-labels.npy', 'test-images.npy', 'test-labels.npy']],
    [['train_images.idx', 'train_labels.idx', 'test_images.idx.gz', 'test_labels.npy.gz']],
    [['X_train.npy', 'y_train.npy', 'X_test.npy', 'y_test.npy']],
    [['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz']],
    [['train-images.idx3-ubyte', 'train-labels.idx1-ubyte', 't10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte']],
  ])('recognises %j', async (names) => {
    const made = folderWith(...names, 'README.txt', 'train-images.txt', 'x_train_old.npy', 'mytrain-images.npy');
    const [trainImages, trainLabels, testImages, testLabels] = names.map((name) => join(made, name));
    expect(await ownSources(made, {})).toEqual({
      'train-images': trainImages,
      'train-labels': trainLabels,
      'test-images': testImages,
      'test-labels': testLabels,
    });
  });

  it('lets options name what has another name, and does without test data', async () => {
    const made = folderWith('train-images.npy', 'classes.npy');
    const named = { 'train-labels': 'elsewhere/y.npy' };
    const expected = { 'train-images': join(made, 'train-images.npy'), 'train-labels': 'elsewhere/y.npy' };
    expect(await ownSources(made, named)).toEqual(expected);
    expect(await ownSources(undefined, expected)).toEqual(expected);
  });

  it.each([
    [['train-labels.npy'], 'holds no recognisable file for the training images', '--train-images FILE'],
    [
      ['x_train.npy', 'y_train.npy', 'x_test.npy'],
      'holds no recognisable file for the test labels',
      '--test-labels FILE',
    ],
    [['x_train.npy', 'train-images.idx', 'y_train.npy'], 'can both be the training images', '--train-images FILE'],
  ])('%j: %s', async (names, message, mend) => {
    const made = folderWith(...names);
    const failed = ownSources(made, {});
    await expect(failed).rejects.toMatchObject({ code: 'USAGE', mend: expect.stringContaining(mend) as string });
    await expect(failed).rejects.toThrow(made);
    await expect(failed).rejects.toThrow(message);
  });

  it('takes an option in place of two doubtful files', async () => {
    const made = folderWith('x_train.npy', 'train-images.idx', 'y_train.npy');
    const chosen = join(made, 'x_train.npy');
    expect(await ownSources(made, { 'train-images': chosen })).toMatchObject({ 'train-images': chosen });
  });

  it('wants a folder', async () => {
    const file = join(folderWith('a.npz'), 'a.npz');
    await expect(ownSources(file, {})).rejects.toThrow(
      `${file} is a file; a data set of your own is given as a folder`,
    );
    await expect(ownSources(join(folder, 'nosuch'), {})).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});
