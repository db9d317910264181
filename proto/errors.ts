import { Metadata, status } from '@grpc/grpc-js';

/**
 * Every error a user can meet, with its stable code. A code says which gRPC status carries it and which exit code
 * the command line ends with (1: the work failed, 2: wrong use or wrong file).
 */
export const ERROR_CODES = {
  SPEC_INVALID: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  USAGE: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  FILE_UNREADABLE: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  FILE_UNWRITABLE: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  SEARCH_NOT_FOUND: { grpc: status.NOT_FOUND, exit: 2 },
  SEARCH_AMBIGUOUS: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  TRIAL_NOT_FOUND: { grpc: status.NOT_FOUND, exit: 2 },
  BLOB_NOT_FOUND: { grpc: status.NOT_FOUND, exit: 1 },
  BLOB_MISMATCH: { grpc: status.INVALID_ARGUMENT, exit: 1 },
  DATASET_UNKNOWN: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  DATASET_MISSING: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  DATASET_CORRUPT: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  DATASET_MISMATCH: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  DATASET_UNSUPPORTED: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  DATASET_BUSY: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  DATA_FOLDER_UNUSABLE: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  DOWNLOAD_FAILED: { grpc: status.UNAVAILABLE, exit: 1 },
  KERNEL_UNAVAILABLE: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  MEMORY_EXHAUSTED: { grpc: status.RESOURCE_EXHAUSTED, exit: 1 },
  TRIAL_INVALID: { grpc: status.INVALID_ARGUMENT, exit: 1 },
  THREAD_CRASHED: { grpc: status.ABORTED, exit: 1 },
  SEARCH_FAILED: { grpc: status.ABORTED, exit: 1 },
  SEARCH_UNFINISHED: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  WEIGHTS_UNAVAILABLE: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  WEIGHTS_DIFFER: { grpc: status.DATA_LOSS, exit: 1 },
  VERIFY_DIFFERS: { grpc: status.DATA_LOSS, exit: 1 },
  PROTOCOL_MISMATCH: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  NUMERICS_MISMATCH: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  PROTOCOL_VIOLATION: { grpc: status.INVALID_ARGUMENT, exit: 1 },
  COORDINATOR_UNREACHABLE: { grpc: status.UNAVAILABLE, exit: 1 },
  COORDINATOR_STOPPING: { grpc: status.UNAVAILABLE, exit: 1 },
  PORT_IN_USE: { grpc: status.UNAVAILABLE, exit: 1 },
  ADDRESS_INVALID: { grpc: status.INVALID_ARGUMENT, exit: 2 },
  STORE_LOCKED: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  SQLITE_UNAVAILABLE: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  STORE_NEWER: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  STORE_CORRUPT: { grpc: status.DATA_LOSS, exit: 1 },
  STORE_FULL: { grpc: status.RESOURCE_EXHAUSTED, exit: 1 },
  STORE_UNWRITABLE: { grpc: status.FAILED_PRECONDITION, exit: 1 },
  WORKERS_LOST: { grpc: status.UNAVAILABLE, exit: 1 },
  INTERRUPTED: { grpc: status.CANCELLED, exit: 1 },
  INTERNAL: { grpc: status.INTERNAL, exit: 1 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One mistake in a file: the rule and the offending value in `message`, its place, and the mend. */
export interface Problem {
  /** Stable rule name within the file's checker, e.g. `unknown-key`. */
  rule: string;
  message: string;
  /** From 1; absent when the place is the whole file. */
  line?: number;
  column?: number;
  /** What to write instead. */
  suggestion?: string;
}

export interface ErrorPayload {
  code: ErrorCode;
  message: string;
  /** What to do about it; one line. */
  mend?: string;
  problems?: Problem[];
}

/** An error that is told to the user as it is: what is wrong, where, and the mend; never with a stack unless asked. */
export class VernierError extends Error {
  override readonly name = 'VernierError';
  readonly mend: string | undefined;
  readonly problems: readonly Problem[];

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { mend?: string; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.mend = options.mend;
    this.problems = options.problems ?? [];
  }

  get exitCode(): 1 | 2 {
    return ERROR_CODES[this.code].exit;
  }

  toPayload(): ErrorPayload {
    return {
      code: this.code,
      message: this.message,
      ...(this.mend === undefined ? {} : { mend: this.mend }),
      ...(this.problems.length === 0 ? {} : { problems: [...this.problems] }),
    };
  }

  static fromPayload(payload: ErrorPayload): VernierError {
    return new VernierError(payload.code, payload.message, {
      ...(payload.mend === undefined ? {} : { mend: payload.mend }),
      ...(payload.problems === undefined ? {} : { problems: payload.problems }),
    });
  }
}

const TRAILER = 'vernier-error-bin';
/** Trailers share HTTP/2's header limit (16 KiB by default in many stacks); longer problem lists are cut. */
const MAX_TRAILER_BYTES = 12_000;

/** Any error as data, for crossing a process or thread boundary; what is not ours is INTERNAL. */
export function toErrorPayload(error: unknown): ErrorPayload {
  if (error instanceof VernierError) return error.toPayload();
  return { code: 'INTERNAL', message: `unexpected: ${error instanceof Error ? error.message : String(error)}` };
}

/** What a gRPC handler answers for `error`: the status of its code, the message, and the payload as a trailer. */
export function toGrpcError(error: unknown): { code: status; details: string; metadata: Metadata } {
  const payload = toErrorPayload(error);
  let encoded = Buffer.from(JSON.stringify(payload));
  while (encoded.length > MAX_TRAILER_BYTES && payload.problems !== undefined && payload.problems.length > 1) {
    payload.problems = payload.problems.slice(0, Math.floor(payload.problems.length / 2));
    encoded = Buffer.from(JSON.stringify(payload));
  }
  const metadata = new Metadata();
  if (encoded.length <= MAX_TRAILER_BYTES) metadata.set(TRAILER, encoded);
  return { code: ERROR_CODES[payload.code].grpc, details: payload.message.slice(0, 2000), metadata };
}

/** The error a gRPC call failed with, as the same class that was thrown at the other end where it was ours. */
export function fromGrpcError(error: unknown): VernierError {
  if (error instanceof VernierError) return error;
  const grpcError = error as { code?: number; details?: string; message?: string; metadata?: Metadata };
  const trailer = grpcError.metadata?.get(TRAILER)[0];
  if (trailer instanceof Buffer) {
    try {
      const payload = JSON.parse(trailer.toString('utf8')) as ErrorPayload;
      if (payload.code in ERROR_CODES) return VernierError.fromPayload(payload);
    } catch {
      // A trailer of another version: fall through to the status.
    }
  }
  const text = grpcError.details ?? grpcError.message ?? String(error);
  if (grpcError.code === status.UNAVAILABLE || grpcError.code === status.DEADLINE_EXCEEDED) {
    const why = connectionCause(text);
    return new VernierError('COORDINATOR_UNREACHABLE', `the coordinator cannot be reached: ${why}`, { cause: error });
  }
  if (grpcError.code === status.CANCELLED) return new VernierError('INTERRUPTED', text, { cause: error });
  return new VernierError('INTERNAL', text, { cause: error });
}

/**
 * Why there is no connection, out of what gRPC says of it:
 * "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9 (...). Resolution note: "
 */
export function connectionCause(details: string): string {
  const code = /\b(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET)\b/.exec(
    details,
  )?.[1];
  return code ?? details;
}
