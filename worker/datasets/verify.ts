import { createHash } from 'node:crypto';
import type { MemberFile } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import { isAbsent } from './absent.js';
import { fileChunks, isPackingError } from './chunks.js';
import { compare, type Sums } from './member-writer.js';
import { memberFile, type StoredDataset } from './stored.js';

/** What re-reading a member file showed. */
export interface MemberFinding {
  file: string;
  path: string;
  state: 'sound' | 'missing' | 'corrupt';
  expected: Sums;
  /** Absent when the file could not be read to its end. */
  found?: Sums;
  /** Absent when it is sound. */
  problem?: string;
}

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
  const difference = compare(member, await measure(stored, member, accept));
  if (difference !== undefined) throw corrupt(stored, `${memberFile(stored, member).path}: ${difference}`);
}

/** Reads a member file once and tells what is wrong with it instead of throwing. */
export async function inspectMember(stored: StoredDataset, member: MemberFile): Promise<MemberFinding> {
  const { file, bytes, sha256 } = member;
  const { path } = memberFile(stored, member);
  const known = { file, path, expected: { bytes, sha256 } };
  let found: Sums;
  try {
    found = await measure(stored, member);
  } catch (error) {
    if (!(error instanceof VernierError)) throw error;
    if (error.code === 'DATASET_MISSING') return { ...known, state: 'missing', problem: `${path} is not there` };
    return { ...known, state: 'corrupt', problem: error.message };
  }
  const difference = compare(member, found);
  if (difference === undefined) return { ...known, state: 'sound', found };
  return { ...known, state: 'corrupt', found, problem: `${path}: ${difference}` };
}

/** Whether every file is there and its sum is right. */
export async function isSound(stored: StoredDataset): Promise<boolean> {
  for (const member of stored.members) {
    if ((await inspectMember(stored, member)).state !== 'sound') return false;
  }
  return true;
}

async function measure(
  stored: StoredDataset,
  member: MemberFile,
  accept?: (chunk: Uint8Array, offset: number) => void,
): Promise<Sums> {
  const { path, packing } = memberFile(stored, member);
  const hash = createHash('sha256');
  let bytes = 0;
  const chunks = fileChunks(path, packing);
  try {
    for (;;) {
      const { value, done } = await chunks.next().catch((error: unknown) => {
        throw unreadable(stored, path, error);
      });
      if (done === true) return { bytes, sha256: hash.digest('hex') };
      hash.update(value);
      accept?.(value, bytes);
      bytes += value.length;
    }
  } finally {
    await chunks.return();
  }
}

function unreadable(stored: StoredDataset, path: string, cause: unknown): VernierError {
  if (isAbsent(cause)) return missing(stored, `${path} is not there`);
  const what = isPackingError(cause) ? 'cannot be unpacked' : 'cannot be read';
  return corrupt(stored, `${path}: ${what} (${(cause as Error).message})`, cause);
}

export function corrupt(stored: StoredDataset, message: string, cause?: unknown): VernierError {
  return new VernierError('DATASET_CORRUPT', message, {
    mend: mendOf(stored),
    ...(cause === undefined ? {} : { cause }),
  });
}

function missing(stored: StoredDataset, message: string): VernierError {
  return new VernierError('DATASET_MISSING', `data set ${stored.info.name}: ${message}`, { mend: mendOf(stored) });
}

/** The command that brings the data set's files back. */
export function mendOf({ info, entry }: StoredDataset): string {
  if (entry === undefined) return `add it again from its source: vernier data add ${info.name} PATH --replace`;
  if (entry.source.kind === 'embedded') return 'install Vernier again: this file is part of it';
  return `get it: vernier data fetch ${info.name}, or vernier data add ${info.name} PATH`;
}
