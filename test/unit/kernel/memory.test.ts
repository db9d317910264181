import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../../proto/errors.js';
import type { Region } from '../../../worker/kernel/kernel.js';
import { NodeMemory } from '../../../worker/kernel/memory.js';

const PAGE = 65_536;

describe('NodeMemory', () => {
  it('gives regions that never overlap, however they come and go', () => {
    const request = fc.oneof(
      fc.record({ allocate: fc.integer({ min: 0, max: 3 * PAGE }) }),
      fc.record({ release: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const memory = new NodeMemory();
        const held: Region[] = [];
        for (const each of requests) {
          if ('allocate' in each) {
            const region = memory.allocate(each.allocate);
            expect(region.offset % 64).toBe(0);
            expect(region.offset).toBeGreaterThanOrEqual(PAGE); // the first page is the kernels'
            expect(region.bytes).toBeGreaterThanOrEqual(each.allocate);
            expect(region.offset + region.bytes).toBeLessThanOrEqual(memory.memory.buffer.byteLength);
            for (const other of held) {
              const apart = region.offset + region.bytes <= other.offset || other.offset + other.bytes <= region.offset;
              expect(apart).toBe(true);
            }
            held.push(region);
          } else if (held.length > 0) {
            memory.release(held.splice(each.release % held.length, 1)[0]!);
          }
        }
      }),
    );
  });

  it('gives released memory again, neighbours as one piece, in whatever order they were released', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      const memory = new NodeMemory();
      const regions = [memory.allocate(PAGE), memory.allocate(PAGE), memory.allocate(PAGE)];
      const last = memory.allocate(64);
      for (const index of order) memory.release(regions[index]!);
      const held = memory.memory.buffer.byteLength;
      expect(memory.allocate(3 * PAGE).offset).toBe(regions[0]!.offset);
      expect(memory.memory.buffer.byteLength).toBe(held);
      expect(memory.allocate(64).offset).toBeGreaterThan(last.offset);
    }
  });

  it('keeps what lies in it when it grows', () => {
    const memory = new NodeMemory();
    const region = memory.allocate(8);
    new Uint8Array(memory.memory.buffer, region.offset, 8).fill(7);
    memory.allocate(50 * PAGE);
    expect([...new Uint8Array(memory.memory.buffer, region.offset, 8)]).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
  });

  it('refuses more than 4 GiB, and goes on', () => {
    const memory = new NodeMemory();
    let error: unknown;
    try {
      memory.allocate(2 ** 32);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(VernierError);
    expect(error).toMatchObject({ code: 'MEMORY_EXHAUSTED' });
    expect(memory.allocate(64).bytes).toBe(64);
  });
});
