import { PassThrough } from 'node:stream';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { write } from '../../../coordinator/service/calls.js';

/** A stream that takes one message at a time, as a call is to `write`. */
function slowCall(): { stream: PassThrough; call: ServerWritableStream<unknown, number> } {
  const stream = new PassThrough({ objectMode: true, highWaterMark: 1 });
  return {
    stream,
    call: Object.assign(stream, { cancelled: false }) as unknown as ServerWritableStream<unknown, number>,
  };
}

describe('writing to a slow caller', () => {
  it('waits until the message is taken, and leaves no listeners behind', async () => {
    const { stream, call } = slowCall();
    const before = stream.eventNames().map((event) => [event, stream.listenerCount(event)]);
    for (let message = 1; message <= 20; message++) {
      const written = write(call, message);
      expect(stream.listenerCount('cancelled')).toBe(1); // it waits
      expect(stream.read()).toBe(message);
      expect(await written).toBe(true);
    }
    expect(stream.eventNames().map((event) => [event, stream.listenerCount(event)])).toEqual(before);
  });

  it('ends when the caller goes', async () => {
    const { stream, call } = slowCall();
    const written = write(call, 1);
    stream.destroy();
    expect(await written).toBe(false);
    expect(await write(call, 2)).toBe(false);
  });
});
