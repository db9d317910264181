/** What the elements of an array are. */
export interface ElementType {
  /** For messages: uint8, float32, ... or, of what has no such name, the file's own word. */
  name: string;
  kind: 'unsigned' | 'signed' | 'float' | 'other';
  /** Per element. */
  bytes: number;
  bigEndian: boolean;
}

/** What the head of an idx or npy file says; the elements follow in C order (last axis fastest). */
export interface ArrayHeader {
  /** Offset of the first element. */
  headerBytes: number;
  shape: readonly number[];
  type: ElementType;
}

const NAMES = { unsigned: 'uint', signed: 'int', float: 'float' } as const;

export function elementType(kind: keyof typeof NAMES, bytes: number, bigEndian: boolean): ElementType {
  return { name: `${NAMES[kind]}${bytes * 8}`, kind, bytes, bigEndian: bigEndian && bytes > 1 };
}

/** Elements of an array of this shape. Exact below 2^53, Infinity for a header that makes no sense. */
export function elementCount(shape: readonly number[]): number {
  // One zero makes the product zero, also beside sizes beyond all bounds.
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}
