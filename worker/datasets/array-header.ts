/** Element types of the arrays that can be read. Multi-byte ones are little-endian unless the name says otherwise. */
export const ELEMENT_BYTES = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** What the head of an idx or npy file says; the elements follow in C order (last axis fastest). */
export interface ArrayHeader {
  /** Offset of the first element. */
  headerBytes: number;
  shape: readonly number[];
  type: ElementType;
}
