import type { Precision } from '../../worker/kernel/kernel.js';
import { LINE, roundUp, ROW_GROUP } from '../../worker/kernel/blocked/layout.js';
import type { NodeMemory } from '../../worker/kernel/memory.js';
import { valuesAt, type Values } from '../../worker/kernel/workspace.js';

/** Rows that blocked/functions.ts grants room for a multiple of. */
const TILE_ROWS = 5;

export interface Matrix {
  address: number;
  /** Bytes from one row, or one panel, to the next. */
  stride: number;
  get(i: number, j: number): number;
  set(i: number, j: number, value: number): void;
  /** What functions may write of it, in bytes from its address: [from, to). */
  room: [number, number][];
}

/**
 * A piece of memory full of random bytes with matrices in it, as blocked/functions.ts describes them, far enough apart for
 * what is written past one of them to show.
 */
export class MatrixRoom {
  readonly memory: WebAssembly.Memory;
  readonly value: number;
  private readonly bytes: Uint8Array;
  private readonly values: Values;
  private readonly start: number;
  private used = 0;

  constructor(
    memory: NodeMemory,
    precision: Precision,
    size: number,
    private readonly draw: () => number,
  ) {
    const region = memory.allocate(size);
    this.memory = memory.memory;
    this.value = precision === 'float32' ? 4 : 8;
    this.start = region.offset;
    this.bytes = new Uint8Array(memory.memory.buffer, region.offset, size);
    this.values = valuesAt(memory.memory.buffer, precision, region.offset, size / this.value);
    const words = new Uint32Array(memory.memory.buffer, region.offset, size / 4);
    const first = Math.floor(draw() * 2 ** 32);
    for (let i = 0; i < words.length; i++) words[i] = Math.imul(first + i, 2_654_435_761) ^ (i << 16);
  }

  /** Some whole lines; their address. */
  place(bytes: number): number {
    const gap = LINE * (1 + Math.floor(this.draw() * 3));
    const at = this.used + gap;
    this.used = roundUp(at + bytes, LINE);
    if (this.used + LINE > this.bytes.length) throw new Error(`the room is too small for ${this.used} bytes`);
    return this.start + at;
  }

  byRows(height: number, width: number): Matrix {
    const lines = Math.ceil((width * this.value) / LINE);
    const stride = ((lines + Math.floor(this.draw() * 3)) | 1) * LINE;
    const rows = roundUp(height, TILE_ROWS);
    const room = Array.from({ length: rows }, (_, i): [number, number] => [i * stride, i * stride + lines * LINE]);
    return this.matrix(this.place(rows * stride), stride, (i, j) => i * stride + j * this.value, room);
  }

  inPanels(rows: number, columns: number): Matrix {
    const stride = (roundUp(rows, ROW_GROUP) + Math.floor(this.draw() * 3)) * LINE;
    const lane = LINE / this.value;
    const panels = Math.ceil(columns / lane);
    const room = Array.from({ length: panels }, (_, p): [number, number] => [
      p * stride,
      p * stride + roundUp(rows, ROW_GROUP) * LINE,
    ]);
    const offset = (i: number, k: number) => Math.floor(k / lane) * stride + i * LINE + (k % lane) * this.value;
    return this.matrix(this.place(panels * stride), stride, offset, room);
  }

  /** One row with whole lines. */
  vector(length: number): Matrix {
    const bytes = roundUp(length * this.value, LINE);
    return this.matrix(this.place(bytes), bytes, (_, j) => j * this.value, [[0, bytes]]);
  }

  bytesAt(address: number, length: number): Uint8Array {
    return this.bytes.subarray(address - this.start, address - this.start + length);
  }

  /** Calls a function that may write to `written`, and tells the first byte elsewhere that it changed, from the room's start. */
  changedElsewhere(written: readonly Matrix[], call: () => void): number | undefined {
    const before = Uint8Array.from(this.bytes);
    call();
    for (const { address, room } of written) {
      for (const [from, to] of room) {
        const at = address - this.start;
        before.set(this.bytes.subarray(at + from, at + to), at + from);
      }
    }
    if (Buffer.compare(before, this.bytes) === 0) return undefined;
    return before.findIndex((byte, i) => byte !== this.bytes[i]);
  }

  private matrix(
    address: number,
    stride: number,
    offset: (i: number, j: number) => number,
    room: [number, number][],
  ): Matrix {
    const index = (i: number, j: number) => (address - this.start + offset(i, j)) / this.value;
    return {
      address,
      stride,
      room,
      get: (i, j) => this.values[index(i, j)] as number,
      set: (i, j, value) => (this.values[index(i, j)] = value),
    };
  }
}
