import { catalogued, type DatasetInfo, type MemberFile } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import type { RecordsRegion } from '../kernel/kernel.js';
import type { NodeMemory } from '../kernel/memory.js';
import { elementCount } from './array-header.js';
import type { LoadedDataset } from './dataset.js';
import { parseIdxHeader } from './idx.js';
import { findDataset, type StoredDataset } from './stored.js';
import { corrupt, readVerified } from './verify.js';

/**
 * Reads a data set into the node's shared memory, file by file in chunks, checking every file's SHA-256 on the way. Nothing
 * is held twice. When it fails, the memory is given back.
 *
 * @param expectedSha256 the identity a search asks for; undefined: whatever this machine has under the name
 * @param dataDir the data folder (`dataFolder`)
 * @throws VernierError DATASET_MISSING, DATASET_MISMATCH, DATASET_CORRUPT, MEMORY_EXHAUSTED
 */
export async function loadDataset(
  name: string,
  expectedSha256: string | undefined,
  memory: NodeMemory,
  dataDir: string,
): Promise<LoadedDataset> {
  const stored = await findDataset(name, dataDir);
  if (stored === undefined) {
    throw new VernierError('DATASET_MISSING', `data set ${name}: not in ${dataDir}`, {
      mend: `add it on this machine: vernier data add ${name} PATH`,
    });
  }
  if (expectedSha256 !== undefined && expectedSha256 !== stored.info.sha256) throw mismatch(stored, expectedSha256);
  const { info } = stored;
  const train = allocate(memory, info.train, info.inputs);
  try {
    const test = allocate(memory, info.test, info.inputs);
    try {
      await readSplit(stored, 'train', train, memory);
      await readSplit(stored, 'test', test, memory);
      return { info, train, test };
    } catch (error) {
      release(memory, test);
      throw error;
    }
  } catch (error) {
    release(memory, train);
    throw error;
  }
}

function allocate(memory: NodeMemory, records: number, inputs: number): RecordsRegion {
  const images = memory.allocate(records * inputs);
  try {
    return { images, labels: memory.allocate(records), records, inputs };
  } catch (error) {
    memory.release(images);
    throw error;
  }
}

function release(memory: NodeMemory, region: RecordsRegion): void {
  memory.release(region.images);
  memory.release(region.labels);
}

/** Reads the split's files one after the other; each goes on where the one before it ended. */
async function readSplit(
  stored: StoredDataset,
  split: 'train' | 'test',
  region: RecordsRegion,
  memory: NodeMemory,
): Promise<void> {
  const { inputs, records } = region;
  const images = new Uint8Array(memory.memory.buffer, region.images.offset, records * inputs);
  const labels = new Uint8Array(memory.memory.buffer, region.labels.offset, records);
  let first = 0;
  for (const member of stored.members) {
    if (member.split !== split) continue;
    if (member.holds === 'labelled-images') {
      const count = member.bytes / (1 + inputs);
      const place = splitRecords(inputs, images.subarray(first * inputs), labels.subarray(first, first + count));
      await readVerified(stored, member, place);
      first += count;
    } else if (member.holds === 'images') {
      await readIdx(stored, member, images, [records, inputs]);
    } else {
      await readIdx(stored, member, labels, [records, 1]);
    }
  }
  checkLabels(stored, split, labels);
}

/** Copies an idx file's elements into `target` and checks that its header tells of as many [records, elements a record]. */
async function readIdx(
  stored: StoredDataset,
  member: MemberFile,
  target: Uint8Array,
  [records, stride]: readonly [number, number],
): Promise<void> {
  const headerBytes = member.bytes - target.length;
  const header = new Uint8Array(headerBytes);
  await readVerified(stored, member, (chunk, offset) => {
    copyPart(chunk, offset, header, 0);
    copyPart(chunk, offset, target, headerBytes);
  });
  // The sum is right, so only a manifest that does not fit its files can fail here.
  const { shape, type } = parseIdxHeader(header, member.file) ?? { shape: [], type: undefined };
  const [count, ...rest] = shape;
  if (count !== records || elementCount(rest) !== stride || type?.name !== 'uint8') {
    throw corrupt(
      stored,
      `${member.file}: holds ${type?.name ?? 'no'} elements [${shape.join(', ')}], expected uint8, ${records} x ${stride}`,
    );
  }
}

/** Copies what falls into `target`, which lies at `start` of the file, from the file's bytes at `offset`. */
function copyPart(chunk: Uint8Array, offset: number, target: Uint8Array, start: number): void {
  const from = Math.max(offset, start);
  const to = Math.min(offset + chunk.length, start + target.length);
  if (from < to) target.set(chunk.subarray(from - offset, to - offset), from - start);
}

/** A reader of records of one label byte and `inputs` image bytes; what exceeds the targets is left to the size check. */
function splitRecords(
  inputs: number,
  images: Uint8Array,
  labels: Uint8Array,
): (chunk: Uint8Array, offset: number) => void {
  const stride = 1 + inputs;
  return (chunk, offset) => {
    let at = 0;
    while (at < chunk.length) {
      const record = Math.floor((offset + at) / stride);
      const within = offset + at - record * stride;
      if (record >= labels.length) return;
      if (within === 0) {
        labels[record] = chunk[at] as number;
        at += 1;
      } else {
        const bytes = Math.min(stride - within, chunk.length - at);
        images.set(chunk.subarray(at, at + bytes), record * inputs + within - 1);
        at += bytes;
      }
    }
  };
}

function checkLabels({ info, ...stored }: StoredDataset, split: string, labels: Uint8Array): void {
  const record = labels.findIndex((label) => label >= info.classes);
  if (record === -1) return;
  throw corrupt(
    { info, ...stored },
    `data set ${info.name}: label ${labels[record]} of ${split} record ${record} is outside 0 .. ${info.classes - 1}`,
  );
}

function mismatch({ info }: { info: DatasetInfo }, expected: string): VernierError {
  const known = catalogued(info.name) !== undefined;
  return new VernierError(
    'DATASET_MISMATCH',
    `data set ${info.name}: the search was made for ${expected.slice(0, 12)}..., this machine has ${info.sha256.slice(0, 12)}...`,
    {
      mend: known
        ? 'use the same version of Vernier on every machine'
        : `add the same files on every machine: vernier data add ${info.name} PATH --replace`,
    },
  );
}
