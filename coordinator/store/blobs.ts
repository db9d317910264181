import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { VernierError } from '../../proto/errors.js';
import { namingStore, storeError } from './sqlite-errors.js';

/** A network of 65,536 hidden units on 3,072 inputs has 0.8 GB of float32 weights. */
export const MAX_BLOB_BYTES = 4 * 1024 * 1024 * 1024;
export const BLOB_NAME = /^[0-9a-f]{64}$/;
const BLOB_FILE = /^([0-9a-f]{64})(\.part)?$/;
const READ_BYTES = 512 * 1024;
/** Bytes that no trial refers to: a result may still be on its way to refer to them, but not for so long. */
const ORPHAN_MS = 60 * 60 * 1000;

export interface BlobStat {
  /** 0 unless complete. */
  size: number;
  held: number;
  complete: boolean;
}

export interface BlobHeader {
  sha256: string;
  size: number;
  /** Where the first chunk goes; at most what is held. */
  offset: number;
}

/**
 * Content-addressed files in one folder: FOLDER/SHA256 where complete, FOLDER/SHA256.part while it arrives. A blob counts
 * from the rename on, for which its bytes must be on the disk and have its name as their SHA-256.
 */
export class BlobFolder {
  /** Transfers into one blob wait for each other. */
  private readonly writing = new Map<string, Promise<unknown>>();

  /** @throws VernierError STORE_UNWRITABLE, STORE_FULL */
  constructor(private readonly folder: string) {
    namingStore(folder, () => mkdirSync(folder, { recursive: true }));
  }

  isComplete(sha256: string): boolean {
    return BLOB_NAME.test(sha256) && existsSync(this.whole(sha256));
  }

  /** @throws VernierError BLOB_MISMATCH for a name that is none */
  async stat(sha256: string): Promise<BlobStat> {
    checkName(sha256);
    const size = await sizeOf(this.whole(sha256));
    if (size !== undefined) return { size, held: size, complete: true };
    return { size: 0, held: (await sizeOf(this.part(sha256))) ?? 0, complete: false };
  }

  /**
   * Takes a blob's bytes from `offset` on. When the chunks break off, with an error or without, what arrived is kept, and a
   * later transfer goes on from there.
   *
   * @throws VernierError BLOB_MISMATCH, and of wrong bytes nothing is kept; STORE_FULL; what the chunks throw
   */
  async put(header: BlobHeader, chunks: AsyncIterable<Uint8Array>): Promise<BlobStat> {
    checkHeader(header);
    const { sha256 } = header;
    const before = this.writing.get(sha256) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => this.receive(header, chunks));
    this.writing.set(sha256, mine);
    try {
      return await mine;
    } catch (error) {
      throw storeError(error, this.folder);
    } finally {
      if (this.writing.get(sha256) === mine) this.writing.delete(sha256);
    }
  }

  /**
   * A complete blob's bytes from `offset` to its end.
   *
   * @throws VernierError BLOB_NOT_FOUND; BLOB_MISMATCH for an offset beyond its end
   */
  async *read(sha256: string, offset: number): AsyncGenerator<Uint8Array> {
    checkName(sha256);
    const size = await sizeOf(this.whole(sha256));
    if (size === undefined) throw new VernierError('BLOB_NOT_FOUND', `blob ${sha256} is not here`);
    if (!isCount(offset) || offset > size) throw mismatch(sha256, `offset ${offset} is not within its ${size} bytes`);
    const file = await open(this.whole(sha256));
    try {
      for (let at = offset; at < size;) {
        const chunk = Buffer.allocUnsafe(Math.min(READ_BYTES, size - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0)
          throw new VernierError('STORE_CORRUPT', `blob ${sha256} ends after ${at} of ${size} bytes`);
        at += bytesRead;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.whole(sha256), { force: true });
  }

  /**
   * Removes what no trial refers to and has lain here for an hour: weights that another trial's have beaten in the instant of a
   * crash, transfers nobody went on with.
   *
   * @param nowMs Unix time
   * @returns how many files were removed
   */
  removeOrphans(referenced: ReadonlySet<string>, nowMs: number): number {
    return namingStore(this.folder, () => {
      const orphans = readdirSync(this.folder).filter((name) => {
        const sha256 = BLOB_FILE.exec(name)?.[1];
        if (sha256 === undefined || referenced.has(name) || this.writing.has(sha256)) return false;
        const found = statSync(join(this.folder, name), { throwIfNoEntry: false });
        return found !== undefined && nowMs - found.mtimeMs > ORPHAN_MS;
      });
      for (const name of orphans) rmSync(join(this.folder, name), { force: true });
      return orphans.length;
    });
  }

  private async receive(header: BlobHeader, chunks: AsyncIterable<Uint8Array>): Promise<BlobStat> {
    const { sha256, size, offset } = header;
    const { complete, held } = await this.stat(sha256);
    if (complete) return this.stat(sha256);
    if (offset > held) throw mismatch(sha256, `offset ${offset} leaves a gap after the ${held} bytes held`);
    const part = await open(this.part(sha256), held === 0 ? 'w+' : 'r+');
    let arrived = offset;
    let useless = false;
    try {
      await part.truncate(offset);
      for await (const chunk of chunks) {
        if (arrived + chunk.length > size) {
          useless = true;
          throw mismatch(sha256, `more than the ${size} bytes it was said to have`);
        }
        await writeAll(part, chunk, arrived);
        arrived += chunk.length;
      }
      if (arrived < size) throw mismatch(sha256, `it ended after ${arrived} of ${size} bytes`);
      const found = await sha256Of(part, size);
      if (found !== sha256) {
        useless = true;
        throw mismatch(sha256, `its bytes have SHA-256 ${found}`);
      }
      await part.sync();
    } catch (error) {
      const told = storeError(error, this.folder);
      // A transfer that ended early goes on later. Wrong bytes, or those there is no room for, are no use to the next.
      if (useless || (told as { code?: string }).code === 'STORE_FULL') await rm(this.part(sha256), { force: true });
      throw told;
    } finally {
      await part.close();
    }
    await rename(this.part(sha256), this.whole(sha256));
    syncFolder(this.folder);
    return { size, held: size, complete: true };
  }

  private whole(sha256: string): string {
    return join(this.folder, sha256);
  }

  private part(sha256: string): string {
    return join(this.folder, `${sha256}.part`);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

async function sha256Of(file: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size));
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** So that the rename survives a power cut. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // folders cannot be opened there, and NTFS logs renames
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkHeader({ sha256, size, offset }: BlobHeader): void {
  checkName(sha256);
  if (!isCount(size) || size < 1 || size > MAX_BLOB_BYTES) {
    throw mismatch(sha256, `a blob has 1 to ${MAX_BLOB_BYTES} bytes, not ${size}`);
  }
  if (!isCount(offset) || offset > size) throw mismatch(sha256, `offset ${offset} is not within its ${size} bytes`);
}

function checkName(sha256: string): void {
  if (BLOB_NAME.test(sha256)) return;
  const shown = JSON.stringify(sha256.slice(0, 80));
  throw new VernierError('BLOB_MISMATCH', `a blob's name is 64 lower-case hexadecimal digits, not ${shown}`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function mismatch(sha256: string, what: string): VernierError {
  return new VernierError('BLOB_MISMATCH', `blob ${sha256}: ${what}`);
}
