import { createHash } from 'node:crypto';
import type { MemberFile } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { fileChunks, isPackingError } from './chunks.js';
import { isAbsent, memberFile, type StoredDataset } from './stored.js';

/**
 * Reads a member file once, handing every chunk on while its size and SHA-256 are taken. What was handed on is good only
 * when this returns.
 *
 * @param accept gets each chunk with its offset; the chunk is valid only during the call
 * @throws VernierError DATASET_MISSING, DATASET_CORRUPT
 */
export async function readVerified(
  stored: StoredDataset,
  member: MemberFile,
  accept?: (chunk: Uint8Array, offset: number) => void,
): Promise<void> {
  const { path, packing } = memberFile(stored, member);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of fileChunks(path, packing)) {
      hash.update(chunk);
      accept?.(chunk, bytes);
      bytes += chunk.length;
    }
  } catch (error) {
    if (isAbsent(error)) throw missing(stored, `${path} is not there`);
    if (isPackingError(error))
      throw corrupt(stored, `${path}: cannot be unpacked (${(error as Error).message})`, error);
    throw error;
  }
  if (bytes !== member.bytes) throw corrupt(stored, `${path}: expected ${member.bytes} bytes, found ${bytes}`);
  const sha256 = hash.digest('hex');
  if (sha256 !== member.sha256) throw corrupt(stored, `${path}: expected SHA-256 ${member.sha256}, found ${sha256}`);
}

export function corrupt(stored: StoredDataset, message: string, cause?: unknown): VernierError {
  return new VernierError('DATASET_CORRUPT', message, {
    mend: mend(stored),
    ...(cause === undefined ? {} : { cause }),
  });
}

export function missing(stored: StoredDataset, message: string): VernierError {
  return new VernierError('DATASET_MISSING', `data set ${stored.info.name}: ${message}`, { mend: mend(stored) });
}

/** The command that brings the data set's files back. */
function mend({ info, entry }: StoredDataset): string {
  if (entry === undefined) return `add it again from its source: vernier data add ${info.name} PATH --replace`;
  if (entry.source.kind === 'embedded') return 'install Vernier again: this file is part of it';
  return `get it again: vernier data fetch ${info.name}`;
}
