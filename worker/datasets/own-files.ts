import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VernierError } from '../../proto/errors.js';
import { readable } from './source.js';

/** What a file of one's own data set holds. */
export const ROLES = ['train-images', 'train-labels', 'test-images', 'test-labels'] as const;
type Role = (typeof ROLES)[number];

/** Where each part of a data set of one's own comes from. Test data may be absent, both files of it. */
export type OwnSources = Partial<Record<Role, string>>;

/**
 * File names that are recognised: train-images, train_images, x_train and the like (MNIST's t10k too), as .npy or idx,
 * gzipped or not. Anything else is named by an option.
 */
const NAME =
  /^(?:(train|test|t10k)[-_](images|labels)|(x|y)[-_](train|test))(?:[-.]idx\d?(?:-ubyte)?|\.npy)?(?:\.gz)?$/;

function roleOf(file: string): Role | undefined {
  const [, split, holds, letter, splitOfLetter] = NAME.exec(file.toLowerCase()) ?? [];
  if (split !== undefined) return `${split === 'train' ? 'train' : 'test'}-${holds === 'images' ? 'images' : 'labels'}`;
  if (letter !== undefined) {
    return `${splitOfLetter === 'train' ? 'train' : 'test'}-${letter === 'x' ? 'images' : 'labels'}`;
  }
  return undefined;
}

/**
 * Completes what the user named by options with what a folder holds under recognisable names.
 *
 * @param folder undefined when all files are named
 * @throws VernierError USAGE for a missing or doubtful file; FILE_UNREADABLE
 */
export async function ownSources(folder: string | undefined, named: OwnSources): Promise<OwnSources> {
  const sources: OwnSources = { ...named };
  if (folder !== undefined) {
    if (!(await readable(folder, () => stat(folder))).isDirectory()) {
      throw new VernierError('USAGE', `${folder} is a file; a data set of your own is given as a folder`, {
        mend: 'name single files by --train-images FILE --train-labels FILE --test-images FILE --test-labels FILE',
      });
    }
    for (const file of (await readable(folder, () => readdir(folder))).sort()) {
      const role = roleOf(file);
      if (role === undefined || named[role] !== undefined) continue;
      const other = sources[role];
      if (other !== undefined) {
        throw new VernierError('USAGE', `${join(folder, file)} and ${other} can both be the ${words(role)}`, {
          mend: `say which one: --${role} FILE`,
        });
      }
      sources[role] = join(folder, file);
    }
  }
  requirePair(sources, 'train', folder, true);
  requirePair(sources, 'test', folder, false);
  return sources;
}

function requirePair(sources: OwnSources, split: 'train' | 'test', folder: string | undefined, always: boolean): void {
  const wanted: Role[] = [`${split}-images`, `${split}-labels`];
  const absent = wanted.filter((role) => sources[role] === undefined);
  const [first] = absent;
  if (first === undefined || (absent.length === 2 && !always)) return;
  const place = folder === undefined ? 'no file is named' : `${folder} holds no recognisable file`;
  throw new VernierError('USAGE', `${place} for the ${words(first)}`, {
    mend: `name it: --${first} FILE, or call it ${first}.npy or ${first}.idx`,
  });
}

function words(role: Role): string {
  const [split, holds] = role.split('-');
  return `${split === 'train' ? 'training' : 'test'} ${holds}`;
}
