import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberFile } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';

/** What is known of a file's content. */
export interface Sums {
  bytes: number;
  sha256: string;
}

/**
 * Writes one file of a data set into a staging folder while its size and SHA-256 are taken. The file's name is ours,
 * never an archive's, and no more than the expected bytes are ever written.
 */
export class MemberWriter {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly limit: number,
  ) {}

  /** @param limit bytes beyond which `write` refuses; Infinity where the size is not known yet */
  static async create(directory: string, name: string, limit = Infinity): Promise<MemberWriter> {
    const path = join(directory, name);
    return new MemberWriter(path, await open(path, 'wx'), limit);
  }

  /** @returns whether the file is still within its limit; what goes beyond is not written */
  async write(chunk: Uint8Array): Promise<boolean> {
    this.bytes += chunk.length;
    if (this.bytes > this.limit) return false;
    this.hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += (await this.file.write(chunk, at)).bytesWritten;
    return true;
  }

  /** Ends the file, durably. */
  async finish(): Promise<Sums> {
    try {
      await this.file.datasync();
    } finally {
      await this.file.close();
    }
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  /** Ends and removes the file. */
  async abandon(): Promise<void> {
    await this.file.close();
    await this.remove();
  }

  /** Removes the file after its end. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/**
 * Writes a catalogued file from its content and checks it.
 *
 * @param origin where the content is from, for the message
 * @throws VernierError DATASET_CORRUPT; the file is then of no use
 */
export async function writeMember(
  directory: string,
  member: MemberFile,
  chunks: AsyncIterable<Uint8Array>,
  origin: string,
): Promise<void> {
  const writer = await MemberWriter.create(directory, member.file, member.bytes);
  try {
    for await (const chunk of chunks) {
      if (!(await writer.write(chunk))) throw wrongMember(origin, `longer than the expected ${member.bytes} bytes`);
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const difference = compare(member, await writer.finish());
  if (difference !== undefined) throw wrongMember(origin, difference);
}

/** How a file's content differs from what is expected; undefined when it does not. */
export function compare(expected: Sums, found: Sums): string | undefined {
  if (found.bytes !== expected.bytes) return `expected ${expected.bytes} bytes, found ${found.bytes}`;
  if (found.sha256 !== expected.sha256) return `expected SHA-256 ${expected.sha256}, found ${found.sha256}`;
  return undefined;
}

export function wrongMember(origin: string, problem: string, cause?: unknown): VernierError {
  return new VernierError('DATASET_CORRUPT', `${origin}: ${problem}`, {
    mend: 'nothing was added; use the original, undamaged files',
    ...(cause === undefined ? {} : { cause }),
  });
}
