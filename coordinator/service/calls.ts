import type { sendUnaryData, ServerWritableStream } from '@grpc/grpc-js';
import { toGrpcError } from '../../proto/errors.js';

/** Answers a call with what `handle` returns, or with the error it throws as proto/errors.ts says it on the wire. */
export function answer<T>(callback: sendUnaryData<T>, handle: () => T | Promise<T>): void {
  void (async () => {
    try {
      callback(null, await handle());
    } catch (error) {
      callback(toGrpcError(error));
    }
  })();
}

/** Ends a stream of answers with an error. */
export function endWith(call: ServerWritableStream<unknown, unknown>, error: unknown): void {
  if (!call.cancelled) call.emit('error', toGrpcError(error)); // grpc-js sends it as the call's status
}

const WRITABLE_OR_GONE = ['drain', 'cancelled', 'close'] as const;

/** Writes, and waits while the caller is slow. False when the caller has gone. */
export async function write<T>(call: ServerWritableStream<unknown, T>, message: T): Promise<boolean> {
  if (call.cancelled || call.destroyed) return false;
  if (call.write(message)) return true;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      for (const event of WRITABLE_OR_GONE) call.off(event, goOn);
      resolve();
    };
    for (const event of WRITABLE_OR_GONE) call.on(event, goOn);
  });
  return !call.cancelled && !call.destroyed;
}
