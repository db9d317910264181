/** Bytes taken in before they are written, at most about so many. */
const MAX_WAITING_BYTES = 4 << 20;

/**
 * Takes the chunks of an answer as they come, ahead of whoever writes them: a stream that breaks drops what nobody has read
 * yet, and on a line that is cut again and again that could be all there was.
 */
export class Arrivals {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;
  private end: { error?: unknown } | undefined;
  private wake = (): void => {};

  /** Starts at once. @param onChunk called at each arrival */
  constructor(body: ReadableStream<Uint8Array>, onChunk: () => void) {
    void this.takeIn(body.getReader(), onChunk);
  }

  /**
   * The next chunk in order.
   *
   * @returns undefined at the end
   * @throws what broke the stream, after all that had arrived
   */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) {
        this.bytes -= chunk.length;
        this.wake();
        return chunk;
      }
      if (this.end !== undefined) {
        if ('error' in this.end) throw this.end.error;
        return undefined;
      }
      await this.change();
    }
  }

  private async takeIn(reader: ReadableStreamDefaultReader<Uint8Array>, onChunk: () => void): Promise<void> {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        onChunk();
        this.chunks.push(value);
        this.bytes += value.length;
        this.wake();
        while (this.bytes > MAX_WAITING_BYTES) await this.change();
      }
      this.end = {};
    } catch (error) {
      this.end = { error };
    }
    this.wake();
  }

  /** Only one of the two sides ever waits: the writer for a chunk, or the reader for room. */
  private change(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
