import { z } from 'zod';
import type { ImageShape, MemberFile } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { idxHeaderBytes, MAX_IDX_DIMENSIONS } from './idx.js';

/** Describes a data set of the user's own, in its folder beside the files. */
export const MANIFEST_FILE = 'dataset.json';

/** Changes when an older program could misread a manifest. */
const FORMAT = 1;

/** Labels are bytes. */
export const MAX_CLASSES = 256;

const member = z.strictObject({
  file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  split: z.enum(['train', 'test']),
  holds: z.enum(['images', 'labels']),
});

const manifest = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string(),
  train: z.int().min(1),
  test: z.int().min(0),
  inputs: z.int().min(1),
  classes: z.int().min(1).max(MAX_CLASSES),
  image: z
    .strictObject({
      channels: z.int().min(1),
      height: z.int().min(1),
      width: z.int().min(1),
      order: z.enum(['planar', 'interleaved']),
    })
    .optional(),
  members: z.array(member).min(2).max(4),
});

export interface OwnDataset {
  name: string;
  train: number;
  test: number;
  inputs: number;
  classes: number;
  image?: ImageShape | undefined;
  members: MemberFile[];
}

/** @throws VernierError DATASET_CORRUPT naming the rule that is broken */
export function parseManifest(text: string, path: string): OwnDataset {
  const refuse = (problem: string): VernierError =>
    new VernierError('DATASET_CORRUPT', `${path}: ${problem}`, {
      mend: 'add the data set again from its source: vernier data add NAME PATH --replace',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refuse('not JSON');
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`${issue?.path.join('.') || 'the manifest'}: ${issue?.message ?? 'invalid'}`);
  }
  const { format: _format, ...described } = parsed.data;
  const { image, inputs } = described;
  if (image !== undefined && image.channels * image.height * image.width !== inputs) {
    throw refuse(
      `image: ${image.channels} channels of ${image.height} x ${image.width} are not the ${inputs} inputs of a record`,
    );
  }
  for (const split of ['train', 'test'] as const) {
    for (const holds of ['images', 'labels'] as const) {
      const files = described.members.filter((each) => each.split === split && each.holds === holds);
      const wanted = described[split] === 0 ? 0 : 1;
      if (files.length !== wanted) throw refuse(`${files.length} files hold the ${split} ${holds}, expected ${wanted}`);
      const body = described[split] * (holds === 'images' ? described.inputs : 1);
      const least = body + idxHeaderBytes(1);
      const most = body + idxHeaderBytes(MAX_IDX_DIMENSIONS);
      for (const { file, bytes } of files) {
        if (bytes < least || bytes > most) {
          throw refuse(`${file} cannot have ${bytes} bytes: its elements have ${body}, and its header`);
        }
      }
    }
  }
  return described;
}

export function writeManifest(dataset: OwnDataset): string {
  return `${JSON.stringify({ format: FORMAT, ...dataset }, null, 2)}\n`;
}
