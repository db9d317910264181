import { VernierError } from '../../proto/errors.js';
import { MAX_KERNEL_BYTES } from '../../proto/kernels.js';
import type { Region } from './kernel.js';

const PAGE = 65_536;
/** Pages that were never touched cost nothing. */
const MAX_PAGES = MAX_KERNEL_BYTES / PAGE;
/**
 * Regions start at cache lines, so that no two threads share one and vectors load aligned. One line is left behind the last
 * region: kernels may read, not write, so far past a record.
 */
const ALIGN = 64;
/** The first page is left to the kernels' own constants. */
const RESERVED = PAGE;

interface Free {
  offset: number;
  bytes: number;
}

/**
 * One worker node's shared memory: the data sets, once for all threads, and a workspace per running trial.
 * Only the node's main thread allocates; threads are given regions.
 */
export class NodeMemory {
  readonly memory: WebAssembly.Memory;
  /** Free pieces by offset; neighbours are merged. The last may end at the memory's end. */
  private free: Free[] = [];
  private end: number;

  constructor(memory?: WebAssembly.Memory) {
    this.memory = memory ?? new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
    this.end = RESERVED;
  }

  /**
   * First fit; grows the memory when no free piece is large enough. The content is undefined.
   *
   * @throws VernierError MEMORY_EXHAUSTED past 4 GiB
   */
  allocate(bytes: number): Region {
    const size = Math.ceil(Math.max(bytes, 1) / ALIGN) * ALIGN;
    const index = this.free.findIndex((piece) => piece.bytes >= size);
    const piece = this.free[index];
    if (piece !== undefined) {
      const offset = piece.offset;
      if (piece.bytes === size) this.free.splice(index, 1);
      else this.free[index] = { offset: offset + size, bytes: piece.bytes - size };
      return { offset, bytes: size };
    }
    const offset = this.end;
    this.growTo(offset + size);
    this.end = offset + size;
    return { offset, bytes: size };
  }

  release(region: Region): void {
    const index = this.free.findIndex((piece) => piece.offset > region.offset);
    const at = index === -1 ? this.free.length : index;
    this.free.splice(at, 0, { ...region });
    this.mergeAt(at);
    if (at > 0) this.mergeAt(at - 1);
  }

  private mergeAt(index: number): void {
    const piece = this.free[index];
    const next = this.free[index + 1];
    if (piece === undefined || next === undefined || piece.offset + piece.bytes !== next.offset) return;
    this.free.splice(index, 2, { offset: piece.offset, bytes: piece.bytes + next.bytes });
  }

  private growTo(end: number): void {
    const bytes = end + ALIGN;
    const held = this.memory.buffer.byteLength;
    if (bytes <= held) return;
    try {
      this.memory.grow(Math.ceil((bytes - held) / PAGE));
    } catch (cause) {
      throw new VernierError(
        'MEMORY_EXHAUSTED',
        `the node's kernel memory cannot grow to ${bytes} bytes (limit 4 GiB)`,
        {
          mend: 'use a smaller network, batch or data set, or fewer threads',
          cause,
        },
      );
    }
  }
}
