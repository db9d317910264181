import { rename, rm } from 'node:fs/promises';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { VernierError } from '../../proto/errors.js';
import { attempt, ELSEWHERE, TryFailed } from './download-attempt.js';
import { sizeOf } from './stored.js';

/** Tries in a row that bring no new byte before giving up. */
const MAX_FRUITLESS_TRIES = 5;
/** Wait before the second try; doubles with every further one. */
const FIRST_WAIT_MS = 1000;
/** A server may ask for a longer wait (Retry-After), up to this. */
const LONGEST_WAIT_MS = 60_000;

export interface DownloadOptions {
  /** Bytes there so far, and of how many when the server says. */
  onProgress?: (received: number, total: number | undefined) => void;
  /** A try failed and another follows after `waitMs`. */
  onRetry?: (problem: string, waitMs: number) => void;
  sleep?: (ms: number) => Promise<void>;
  stallMs?: number;
}

/**
 * Downloads `url` to the file `target`. What has arrived stays in `target`.part when the connection is cut, here or by the
 * end of the process, and the next try asks for the rest only (Range with If-Range); a server that does not
 * support that, or has another version of the file by now, sends it whole again. A `target` that exists is taken as done.
 *
 * Whether the bytes are the right ones is for the caller to check by their sum.
 *
 * @throws VernierError DOWNLOAD_FAILED after five tries without progress, or at once for an answer such as 404; USAGE for
 *   an address that is no http(s) URL; the system's error when the file cannot be written
 */
export async function download(url: string, target: string, options: DownloadOptions = {}): Promise<void> {
  const address = parseAddress(url);
  if ((await sizeOf(target)) !== undefined) return;
  const sleep = options.sleep ?? ((ms: number) => sleepFor(ms));
  const part = `${target}.part`;
  // Progress is a new high-water mark: a server that always restarts and always cuts must not keep us for ever.
  let most = (await sizeOf(part)) ?? 0;
  let fruitless = 0;
  for (;;) {
    try {
      await attempt(address, part, options);
      await rename(part, target);
      await rm(`${part}.json`, { force: true });
      return;
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error;
      const size = (await sizeOf(part)) ?? 0;
      fruitless = size > most ? 1 : fruitless + 1;
      most = Math.max(most, size);
      if (fruitless >= MAX_FRUITLESS_TRIES) {
        throw new VernierError('DOWNLOAD_FAILED', `${url}: ${error.message}; gave up after ${fruitless} tries`, {
          mend: size > 0 ? `the ${size} bytes so far are kept: the same command goes on from there` : ELSEWHERE,
          cause: error,
        });
      }
      const waitMs = Math.min(error.waitMs ?? FIRST_WAIT_MS * 2 ** (fruitless - 1), LONGEST_WAIT_MS);
      options.onRetry?.(error.message, waitMs);
      await sleep(waitMs);
    }
  }
}

/** @throws VernierError USAGE for what is no http(s) URL */
export function parseAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address;
  throw new VernierError('USAGE', `${url} is not an http or https address`, {
    mend: 'give a whole address, e.g. --url https://example.org/cifar-10-binary.tar.gz; for files use vernier data add',
  });
}
