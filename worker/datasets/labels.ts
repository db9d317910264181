import { VernierError } from '../../proto/errors.js';
import type { ElementType } from './array-header.js';

/** Converts labels of any integer type to bytes, chunk by chunk, and checks that each is a class's number. */
export class LabelConverter {
  /** Lowest and highest label so far. */
  lowest = Infinity;
  highest = -Infinity;
  private record = 0;
  /** The first bytes of an element whose last ones are in the next chunk. */
  private carry: Uint8Array = new Uint8Array(0);

  /**
   * @param classes labels must be below; 256 where the user named no number, because they are stored as bytes
   * @param place names the file in messages
   */
  constructor(
    private readonly type: ElementType,
    private readonly classes: number,
    private readonly place: string,
  ) {}

  /**
   * @returns one byte per whole element
   * @throws VernierError DATASET_UNSUPPORTED for a label outside 0 .. classes - 1
   */
  convert(chunk: Uint8Array): Uint8Array {
    const { bytes } = this.type;
    const input = this.carry.length === 0 ? chunk : Buffer.concat([this.carry, chunk]);
    const count = Math.floor(input.length / bytes);
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    const labels = new Uint8Array(count);
    for (let index = 0; index < count; index++) {
      const label = this.read(view, index * bytes);
      if (label < 0 || label >= this.classes) throw this.outside(label, this.record + index);
      labels[index] = label;
      this.lowest = Math.min(this.lowest, label);
      this.highest = Math.max(this.highest, label);
    }
    this.record += count;
    // A copy: the chunk is overwritten by the next.
    this.carry = new Uint8Array(input.subarray(count * bytes));
    return labels;
  }

  private read(view: DataView, at: number): number {
    const { kind, bytes, bigEndian } = this.type;
    const signed = kind === 'signed';
    switch (bytes) {
      case 1:
        return signed ? view.getInt8(at) : view.getUint8(at);
      case 2:
        return signed ? view.getInt16(at, !bigEndian) : view.getUint16(at, !bigEndian);
      case 4:
        return signed ? view.getInt32(at, !bigEndian) : view.getUint32(at, !bigEndian);
      default:
        return Number(signed ? view.getBigInt64(at, !bigEndian) : view.getBigUint64(at, !bigEndian));
    }
  }

  private outside(label: number, record: number): VernierError {
    const last = this.classes - 1;
    return new VernierError(
      'DATASET_UNSUPPORTED',
      `${this.place}: label ${label} of record ${record} is outside 0 .. ${last}`,
      {
        mend: 'a label is the number of its class, counted from 0; --classes tells how many there are (at most 256)',
      },
    );
  }
}
