import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { VernierError } from '../../proto/errors.js';
import { Arrivals } from './arrivals.js';
import { sizeOf } from './stored.js';

/** A connection that brings nothing for so long counts as cut. */
const STALL_MS = 30_000;

/** The mend where trying again cannot help. */
export const ELSEWHERE =
  'check the connection, name another address with --url, or give a local copy to: vernier data add';

/** What is remembered of a half download, to go on with the same version of the file only. */
interface Resumable {
  url: string;
  /** A strong entity tag, or a date of last change; null when the server gave neither. */
  validator: string | null;
  /** Bytes of the whole file; null when the server did not say. */
  total: number | null;
}

/** A try failed in a way that another may not. */
export class TryFailed extends Error {
  constructor(
    message: string,
    readonly waitMs?: number,
  ) {
    super(message);
  }
}

export interface AttemptOptions {
  onProgress?: (received: number, total: number | undefined) => void;
  stallMs?: number;
}

/** One request, appended to what is there when the server agrees. */
export async function attempt(url: URL, part: string, options: AttemptOptions): Promise<void> {
  const held = (await sizeOf(part)) ?? 0;
  const known = held > 0 ? await readResumable(part) : undefined;
  // All has arrived, but the process ended before it could say so.
  if (known?.url === url.href && known.total === held) return;
  const resume = known?.url === url.href && known.validator !== null ? { held, ...known } : undefined;
  const stall = new Stall(options.stallMs ?? STALL_MS);
  try {
    const response = await fetch(url, {
      signal: stall.signal,
      headers: {
        // Compressed on the way, the bytes' numbers would not be the file's.
        'accept-encoding': 'identity',
        ...(resume === undefined ? {} : { range: `bytes=${held}-`, 'if-range': resume.validator ?? '' }),
      },
    }).catch((error: unknown) => {
      throw new TryFailed(stall.explain(error));
    });
    // An answer that may have content always has a body; before anything else, so that nothing is dropped.
    const arrivals = response.body === null ? undefined : new Arrivals(response.body, () => stall.alive());
    const { start, total } = await begin(response, url, part, resume);
    if (arrivals === undefined) throw new TryFailed('the server sent no content');
    await receive(arrivals, part, start, total, stall, options);
  } finally {
    stall.end();
  }
}

/** Reads the answer's head: where its bytes belong, and how many there will be. */
async function begin(
  response: Response,
  url: URL,
  part: string,
  resume: (Resumable & { held: number }) | undefined,
): Promise<{ start: number; total: number | undefined }> {
  const { status, headers } = response;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
    const total = range?.[2] === undefined || range[2] === '*' ? null : Number(range[2]);
    if (resume !== undefined && Number(range?.[1]) === resume.held && isSameFile(resume, headers.get('etag'), total)) {
      return { start: resume.held, total: total ?? resume.total ?? undefined };
    }
    await rm(part, { force: true });
    throw new TryFailed('the server sent another part, or a part of another file, than was asked for', 0);
  }
  if (status === 200) {
    const encoded = (headers.get('content-encoding') ?? 'identity') !== 'identity';
    const length = headers.get('content-length');
    const tag = headers.get('etag');
    const strong = tag !== null && !tag.startsWith('W/') ? tag : null;
    const resumable: Resumable = {
      url: url.href,
      validator: encoded ? null : (strong ?? headers.get('last-modified')),
      total: encoded || length === null ? null : Number(length),
    };
    // Emptied first: bytes of an older version must never stand beside this version's description.
    await writeFile(part, '');
    await writeFile(`${part}.json`, JSON.stringify(resumable));
    return { start: 0, total: resumable.total ?? undefined };
  }
  if (status === 416) {
    await rm(part, { force: true });
    throw new TryFailed('the server has no such part of the file (416)', 0);
  }
  const said = `the server answers ${status} ${response.statusText}`.trimEnd();
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    throw Number.isFinite(seconds) ? new TryFailed(said, seconds * 1000) : new TryFailed(said);
  }
  throw new VernierError('DOWNLOAD_FAILED', `${url.href}: ${said}`, { mend: ELSEWHERE });
}

/** Some servers know Range but not If-Range: a part of a file that has changed must not be taken for the rest of the old one. */
function isSameFile(resume: Resumable, tag: string | null, total: number | null): boolean {
  const tagged = resume.validator?.startsWith('"') === true && tag !== null;
  return (!tagged || tag === resume.validator) && (total === null || resume.total === null || total === resume.total);
}

async function receive(
  arrivals: Arrivals,
  part: string,
  start: number,
  total: number | undefined,
  stall: Stall,
  options: AttemptOptions,
): Promise<void> {
  const file = await open(part, start === 0 ? 'w' : 'r+');
  let at = start;
  try {
    await file.truncate(start);
    options.onProgress?.(at, total);
    for (;;) {
      const chunk = await arrivals.next().catch((error: unknown) => {
        throw new TryFailed(`${stall.explain(error)} after ${at} ${total === undefined ? '' : `of ${total} `}bytes`);
      });
      if (chunk === undefined) break;
      for (let sent = 0; sent < chunk.length;) {
        const { bytesWritten } = await file.write(chunk, sent, chunk.length - sent, at);
        sent += bytesWritten;
        at += bytesWritten;
      }
      options.onProgress?.(at, total);
    }
    await file.datasync();
  } finally {
    await file.close();
  }
  if (total !== undefined && at !== total) throw new TryFailed(`the server sent ${at} bytes instead of ${total}`);
}

/** Aborts a request that brings nothing for too long. */
class Stall {
  private readonly controller = new AbortController();
  private stalled = false;
  private timer: NodeJS.Timeout;

  constructor(private readonly limitMs: number) {
    this.timer = this.arm();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  private arm(): NodeJS.Timeout {
    return setTimeout(() => {
      this.stalled = true;
      this.controller.abort();
    }, this.limitMs);
  }

  alive(): void {
    clearTimeout(this.timer);
    this.timer = this.arm();
  }

  /** Also ends the connection where the answer was not read to its end. */
  end(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  /** Why a request failed; fetch hides the reason (ENOTFOUND, ECONNRESET ...) in its error's cause. */
  explain(error: unknown): string {
    if (this.stalled) return `nothing arrived for ${this.limitMs / 1000} s`;
    const { message, cause } = error as Error;
    return cause instanceof Error && cause.message !== '' ? cause.message : message;
  }
}

async function readResumable(part: string): Promise<Resumable | undefined> {
  try {
    return JSON.parse(await readFile(`${part}.json`, 'utf8')) as Resumable;
  } catch {
    // Without its description a half download cannot be trusted to be of the same file: it starts again.
    return undefined;
  }
}
