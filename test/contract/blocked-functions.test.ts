import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VernierError } from '../../proto/errors.js';
import { exp, log } from '../../proto/numeric/index.js';
import { generator } from '../../proto/seed.js';
import type { BlockedFunctions } from '../../worker/kernel/blocked/functions.js';
import { LINE, ROW_GROUP, roundUp, SCRATCH_ROWS } from '../../worker/kernel/blocked/layout.js';
import type { Precision } from '../../worker/kernel/kernel.js';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { loadNativeAddon } from '../../worker/kernel/native/index.js';
import { rounding } from '../../worker/kernel/reference/arithmetic.js';
import { blockedFunctions } from '../../worker/kernel/wasm/exports.js';
import { compileWasmKernel, instantiate } from '../../worker/kernel/wasm/module.js';
import { MatrixRoom, type Matrix } from '../support/matrix-room.js';

/*
 * Each function of blocked/functions.ts against a plain computation, on every backend: any size, numbers of every kind, and
 * nothing written outside the room that is granted.
 */

const memory = new NodeMemory();
const scratch = memory.allocate(1 << 17).offset;
/** Grown to what a test needs before backends see it, so that all see one buffer. */
const ROOM_BYTES = 4 << 20;
memory.release(memory.allocate(ROOM_BYTES));

type Functions = Record<Precision, BlockedFunctions>;
const backends: { label: string; functions: Functions }[] = [];
const wasm = instantiate(compileWasmKernel(), memory.memory);
backends.push({
  label: 'wasm',
  functions: { float32: blockedFunctions(wasm, '32', scratch), float64: blockedFunctions(wasm, '64', scratch) },
});
let missing = '';
try {
  const addon = loadNativeAddon();
  for (const width of addon.widths) {
    backends.push({ label: `native ${width}`, functions: addon.functions(width, memory.memory) });
  }
} catch (error) {
  if (!(error instanceof VernierError)) throw error;
  missing = error.message;
}

it('packs no more rows in the WASM products than a workspace has room for', () => {
  expect(wasm.PACKED_ROWS.value).toBeLessThanOrEqual(SCRATCH_ROWS);
});

it.skipIf(missing !== '')(`goes through every width of the native kernel ${missing}`, () => {
  expect(backends.length).toBeGreaterThan(1);
});

const PRECISIONS: Precision[] = ['float32', 'float64'];
const cases = backends.flatMap(({ label, functions }) =>
  PRECISIONS.map((precision) => ({ label, precision, functions: functions[precision] })),
);

/** NaN, infinities, zeros of both signs, subnormal and huge numbers. */
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e-44, -1e-40, 3e38, -3e38];

/** Everything a property draws from: numbers, special ones now and then, and a room for matrices. */
class World {
  readonly room: MatrixRoom;
  readonly round: (exact: number) => number;
  readonly draw: () => number;
  private readonly specialShare: number;

  constructor(
    readonly precision: Precision,
    seed: number,
    bytes: number,
  ) {
    const draws = generator(seed, 'blocked-functions');
    this.draw = () => draws.next();
    this.round = rounding(precision);
    this.specialShare = [0, 0.05, 0.4][Math.floor(this.draw() * 3)]!;
    const region = memory.allocate(bytes);
    memory.release(region);
    this.room = new MatrixRoom(memory, precision, bytes, this.draw);
  }

  number(size: number): number {
    if (this.draw() < this.specialShare) return this.round(SPECIAL[Math.floor(this.draw() * SPECIAL.length)]!);
    return this.round((this.draw() - 0.5) * size);
  }

  /** Fills a matrix; gives its numbers. */
  fill(matrix: Matrix, height: number, width: number, size = 2): number[][] {
    return Array.from({ length: height }, (_, i) =>
      Array.from({ length: width }, (__, j) => {
        const value = this.number(size);
        matrix.set(i, j, value);
        return value;
      }),
    );
  }

  rowNumbers(rows: number, records: number): { address: number; numbers: number[] } {
    const address = this.room.place(roundUp(rows, ROW_GROUP) * 4);
    const view = new Uint32Array(memory.memory.buffer, address, roundUp(rows, ROW_GROUP));
    for (let i = 0; i < view.length; i++) view[i] = Math.floor(this.draw() * records);
    return { address, numbers: Array.from(view) };
  }

  labels(records: number, classes: number): { address: number; labels: Uint8Array } {
    const address = this.room.place(records);
    const labels = this.room.bytesAt(address, records);
    for (let i = 0; i < records; i++) labels[i] = Math.floor(this.draw() * classes);
    return { address, labels };
  }
}

function read(matrix: Matrix, height: number, width: number): number[][] {
  return Array.from({ length: height }, (_, i) => Array.from({ length: width }, (__, j) => matrix.get(i, j)));
}

/** The first few places where two matrices differ in a bit; every NaN is one. */
function unlike(actual: number[][], expected: number[][]): string[] {
  const found: string[] = [];
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) {
      if (!Object.is(actual[i]![j], value) && found.length < 3)
        found.push(`[${i}, ${j}]: ${actual[i]![j]} for ${value}`);
    }
  }
  return found;
}

const size = (most: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 24 }) }, fc.integer({ min: 1, max: most }));
const seed = fc.nat();
const RUNS = { numRuns: 40 };
const ROOM = 1 << 19;

describe.each(cases)('$label, $precision', ({ precision, functions }) => {
  const value = precision === 'float32' ? 4 : 8;
  const lane = LINE / value;

  /** Every element: what `start` and `depth` products, one after the other, give. */
  const sums = (
    m: number,
    n: number,
    depth: number,
    a: (i: number, k: number) => number,
    b: number[][],
    start: (i: number, j: number) => number,
    round: (exact: number) => number,
  ) =>
    Array.from({ length: m }, (_, i) =>
      Array.from({ length: n }, (__, j) => {
        let sum = start(i, j);
        for (let k = 0; k < depth; k++) sum = round(sum + round(a(i, k) * b[k]![j]!));
        return sum;
      }),
    );

  it('gather', () => {
    const shape = fc.record({ rows: size(60), inputs: size(150), keep: fc.boolean(), firstLine: fc.nat(9) });
    fc.assert(
      fc.property(shape, seed, ({ rows, inputs, keep, firstLine }, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const records = 7;
        const first = (firstLine * lane) % roundUp(inputs, lane);
        const count = 1 + Math.floor(world.draw() * (inputs - first));
        // A block ends at a line, or at the last input.
        const block = Math.min(roundUp(count, lane), inputs - first);
        const images = room.place(records * inputs + 64);
        const { address, numbers } = world.rowNumbers(rows, records);
        const mean = room.vector(inputs);
        const inverse = room.vector(inputs);
        for (let k = 0; k < roundUp(inputs, lane); k++) {
          mean.set(0, k, k < inputs ? world.number(200) : 0);
          inverse.set(0, k, k < inputs ? world.number(0.1) : 0);
        }
        const panels = room.inPanels(rows, inputs);
        const transposed = room.byRows(block, rows);
        const expected = numbers.slice(0, rows).map((record) =>
          Array.from({ length: block }, (_, k) => {
            const byte = room.bytesAt(images + record * inputs + first + k, 1)[0]!;
            return round(round(byte - mean.get(0, first + k)) * inverse.get(0, first + k));
          }),
        );
        const elsewhere = room.changedElsewhere(keep ? [panels, transposed] : [transposed], () =>
          functions.gather(
            images,
            inputs,
            address,
            rows,
            first,
            block,
            mean.address,
            inverse.address,
            keep ? panels.address : 0,
            panels.stride,
            transposed.address,
            transposed.stride,
          ),
        );
        expect(elsewhere).toBeUndefined();
        const columns = expected[0]!.map((_, k) => expected.map((row) => row[k]!));
        expect(unlike(read(transposed, block, rows), columns)).toEqual([]);
        const kept = Array.from({ length: rows }, (_, i) =>
          Array.from({ length: block }, (__, k) => panels.get(i, first + k)),
        );
        if (keep) expect(unlike(kept, expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('multiply', () => {
    const shape = fc.record({
      m: size(130),
      n: size(150),
      depth: size(70),
      transposed: fc.boolean(),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, seed, ({ m, n, depth, transposed, add }, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const factors = transposed ? room.byRows(depth, m) : room.byRows(m, depth);
        const a = transposed ? world.fill(factors, depth, m) : world.fill(factors, m, depth);
        const columns = room.byRows(depth, n);
        const b = world.fill(columns, depth, n);
        const product = room.byRows(m, n);
        const before = world.fill(product, m, n);
        const expected = sums(
          m,
          n,
          depth,
          (i, k) => (transposed ? a[k]![i]! : a[i]![k]!),
          b,
          (i, j) => (add ? before[i]![j]! : 0),
          round,
        );
        const [row, step] = transposed ? [value, factors.stride] : [factors.stride, value];
        const elsewhere = room.changedElsewhere([product], () =>
          functions.multiply(
            m,
            n,
            depth,
            factors.address,
            row,
            step,
            columns.address,
            columns.stride,
            product.address,
            product.stride,
            add ? 1 : 0,
          ),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(product, m, n), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('update', () => {
    const shape = fc.record({ m: size(130), n: size(150), depth: size(70) });
    fc.assert(
      fc.property(shape, seed, ({ m, n, depth }, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const factors = room.byRows(m, depth);
        const a = world.fill(factors, m, depth);
        const columns = room.inPanels(depth, n);
        const b = world.fill(columns, depth, n);
        const weights = room.byRows(m, n);
        const before = world.fill(weights, m, n);
        const keep = 1 - world.draw() * 0.01;
        const eta = world.draw();
        const expected = sums(
          m,
          n,
          depth,
          (i, k) => a[i]![k]!,
          b,
          () => 0,
          round,
        ).map((row, i) => row.map((sum, j) => round(round(round(keep) * before[i]![j]!) - round(round(eta) * sum))));
        const elsewhere = room.changedElsewhere([weights], () =>
          functions.update(
            m,
            n,
            depth,
            factors.address,
            factors.stride,
            columns.address,
            columns.stride,
            weights.address,
            weights.stride,
            keep,
            eta,
          ),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(weights, m, n), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it.each(['addBias', 'activate'] as const)('%s', (name) => {
    fc.assert(
      fc.property(size(40), size(150), seed, (units, rows, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const z = room.byRows(units, rows);
        const before = world.fill(z, units, rows);
        const bias = room.vector(units);
        const [b] = world.fill(bias, 1, units);
        const expected = before.map((row, j) =>
          row.map((product) => {
            const sum = round(product + b![j]!);
            return name === 'activate' && sum < 0 ? 0 : sum;
          }),
        );
        const elsewhere = room.changedElsewhere([z], () =>
          functions[name](z.address, z.stride, units, rows, bias.address),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(z, units, rows), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('toPanels', () => {
    fc.assert(
      fc.property(size(70), size(70), seed, (units, rows, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room } = world;
        const z = room.byRows(units, rows);
        const before = world.fill(z, units, rows);
        const panels = room.inPanels(rows, units);
        const padded = roundUp(units, lane);
        const expected = Array.from({ length: rows }, (_, i) =>
          Array.from({ length: padded }, (__, j) => before[j]?.[i] ?? 0),
        );
        const elsewhere = room.changedElsewhere([panels], () =>
          functions.toPanels(z.address, z.stride, units, rows, panels.address, panels.stride),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(panels, rows, padded), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('maskInactive', () => {
    fc.assert(
      fc.property(size(40), size(150), seed, (units, rows, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room } = world;
        const g = room.byRows(units, rows);
        const before = world.fill(g, units, rows);
        const activations = room.byRows(units, rows);
        const h = world.fill(activations, units, rows);
        const expected = before.map((row, j) => row.map((gradient, i) => (h[j]![i]! <= 0 ? 0 : gradient)));
        const elsewhere = room.changedElsewhere([g], () =>
          functions.maskInactive(g.address, g.stride, units, rows, activations.address, activations.stride),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(g, units, rows), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('multiplyElements', () => {
    fc.assert(
      fc.property(size(40), size(150), seed, (units, rows, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const z = room.byRows(units, rows);
        const before = world.fill(z, units, rows);
        const factors = room.byRows(units, rows);
        const f = world.fill(factors, units, rows);
        const expected = before.map((row, j) => row.map((each, i) => round(each * f[j]![i]!)));
        const elsewhere = room.changedElsewhere([z], () =>
          functions.multiplyElements(z.address, z.stride, units, rows, factors.address, factors.stride),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(z, units, rows), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('softmaxGradient and addToEvaluation', () => {
    const shape = fc.record({ classes: size(40), rows: size(120), scale: fc.constantFrom(2, 40, 2000) });
    fc.assert(
      fc.property(shape, seed, ({ classes, rows, scale }, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const scores = room.byRows(classes, rows);
        const s = world.fill(scores, classes, rows, scale);
        const records = 11;
        const { address, numbers } = world.rowNumbers(rows, records);
        const { address: labelsAddress, labels } = world.labels(records, classes);
        const result = room.place(12);
        const view = new DataView(memory.memory.buffer, result, 12);
        view.setFloat64(0, 1.5, true);
        view.setUint32(8, 3, true);

        let lossSum = 1.5;
        let correct = 3;
        const gradient = s.map((row) => row.slice());
        for (let i = 0; i < rows; i++) {
          const label = labels[numbers[i]!]!;
          let best = 0;
          for (let j = 1; j < classes; j++) if (s[j]![i]! > s[best]![i]!) best = j;
          const differences = s.map((row) => round(row[i]! - s[best]![i]!));
          lossSum += log(differences.reduce((total, d) => total + exp(d), 0)) - differences[label]!;
          if (best === label) correct++;
          const e = differences.map((d) => round(exp(d)));
          const total = e.reduce((sum, each) => round(sum + each), 0);
          for (let j = 0; j < classes; j++) {
            const p = round(e[j]! / total);
            gradient[j]![i] = round(round(p - (j === label ? 1 : 0)) / rows);
          }
        }

        const evaluation = { address: result, room: [[0, 12]] } as unknown as Matrix;
        let elsewhere = room.changedElsewhere([evaluation], () =>
          functions.addToEvaluation(scores.address, scores.stride, classes, rows, labelsAddress, address, result),
        );
        expect(elsewhere).toBeUndefined();
        expect([view.getFloat64(0, true), view.getUint32(8, true)]).toEqual([lossSum, correct]);
        elsewhere = room.changedElsewhere([scores], () =>
          functions.softmaxGradient(scores.address, scores.stride, classes, rows, labelsAddress, address),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(scores, classes, rows), gradient)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('updateBias', () => {
    fc.assert(
      fc.property(size(40), size(150), seed, (units, rows, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const gradient = room.byRows(units, rows);
        const g = world.fill(gradient, units, rows);
        const bias = room.vector(units);
        const [before] = world.fill(bias, 1, units);
        const eta = world.draw();
        const expected = before!.map((b, j) =>
          round(b - round(round(eta) * g[j]!.reduce((sum, each) => round(sum + each), 0))),
        );
        const elsewhere = room.changedElsewhere([bias], () =>
          functions.updateBias(gradient.address, gradient.stride, units, rows, bias.address, eta),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(bias, 1, units), [expected])).toEqual([]);
      }),
      RUNS,
    );
  });

  it('momentumStep', () => {
    fc.assert(
      fc.property(size(130), size(150), seed, (m, n, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const velocities = room.byRows(m, n);
        const v = world.fill(velocities, m, n);
        const weights = room.byRows(m, n);
        const w = world.fill(weights, m, n);
        const decay = world.draw() * 0.1;
        const eta = world.draw();
        const moved = v.map((row, i) => row.map((each, j) => round(each + round(round(decay) * w[i]![j]!))));
        const expected = w.map((row, i) => row.map((each, j) => round(each - round(round(eta) * moved[i]![j]!))));
        const elsewhere = room.changedElsewhere([velocities, weights], () =>
          functions.momentumStep(
            m,
            n,
            velocities.address,
            velocities.stride,
            weights.address,
            weights.stride,
            decay,
            eta,
          ),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(velocities, m, n), moved)).toEqual([]);
        expect(unlike(read(weights, m, n), expected)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('momentumBias', () => {
    fc.assert(
      fc.property(size(40), size(150), seed, (units, rows, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room, round } = world;
        const gradient = room.byRows(units, rows);
        const g = world.fill(gradient, units, rows);
        const velocity = room.vector(units);
        const [v] = world.fill(velocity, 1, units);
        const bias = room.vector(units);
        const [b] = world.fill(bias, 1, units);
        const momentum = world.draw();
        const eta = world.draw();
        const moved = v!.map((each, j) =>
          round(round(round(momentum) * each) + g[j]!.reduce((sum, term) => round(sum + term), 0)),
        );
        const expected = b!.map((each, j) => round(each - round(round(eta) * moved[j]!)));
        const elsewhere = room.changedElsewhere([velocity, bias], () =>
          functions.momentumBias(
            gradient.address,
            gradient.stride,
            units,
            rows,
            velocity.address,
            bias.address,
            momentum,
            eta,
          ),
        );
        expect(elsewhere).toBeUndefined();
        expect(unlike(read(velocity, 1, units), [moved])).toEqual([]);
        expect(unlike(read(bias, 1, units), [expected])).toEqual([]);
      }),
      RUNS,
    );
  });

  it('addSquares', () => {
    fc.assert(
      fc.property(size(70), size(70), seed, (inputs, outputs, seedOfRun) => {
        const world = new World(precision, seedOfRun, ROOM);
        const { room } = world;
        const weights = room.byRows(outputs, inputs);
        const w = world.fill(weights, outputs, inputs);
        let expected = 0.25;
        for (let k = 0; k < inputs; k++) for (let j = 0; j < outputs; j++) expected += w[j]![k]! * w[j]![k]!;
        let sum = NaN;
        const elsewhere = room.changedElsewhere([], () => {
          sum = functions.addSquares(weights.address, weights.stride, inputs, outputs, 0.25);
        });
        expect(elsewhere).toBeUndefined();
        expect(sum).toBe(expected);
      }),
      RUNS,
    );
  });
});
