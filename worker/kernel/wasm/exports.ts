import type { BlockedFunctions } from '../blocked/functions.js';

/** The products pack parts of a matrix in a scratch, whose address is one more parameter of theirs. */
type WithScratch = 'multiply' | 'update';

type Named<Bits extends '32' | '64'> = {
  [Name in Exclude<keyof BlockedFunctions, WithScratch> as `${Name}${Bits}`]: BlockedFunctions[Name];
} & {
  [Name in WithScratch as `${Name}${Bits}`]: (...parameters: [...Parameters<BlockedFunctions[Name]>, number]) => void;
};

/** What the compiled kernel exports: assembly/index.ts. Addresses and sizes are numbers of bytes, up to 2^32 - 1. */
export interface WasmExports extends Named<'32'>, Named<'64'> {
  /** Rows that the products pack in the scratch. */
  PACKED_ROWS: { readonly value: number };
  /** Put e^x, or log x, in the place of every float64 x from an address on (for exp an even number of them): for tests. */
  exponentials(values: number, count: number): void;
  logarithms(values: number, count: number): void;
  /** assembly/peak.ts: `turns` times 12 multiplications and 12 additions of vectors, starting from `factor`. */
  multiplyAddPeak32(turns: number, factor: number): number;
  multiplyAddPeak64(turns: number, factor: number): number;
}

/** The exports for one precision, under BlockedFunctions' own names, with an address of a scratch of their own. */
export function blockedFunctions(exports: WasmExports, bits: '32' | '64', scratch: number): BlockedFunctions {
  const multiply = exports[`multiply${bits}`];
  const update = exports[`update${bits}`];
  return {
    gather: exports[`gather${bits}`],
    multiply: (m, n, depth, a, aRow, aStep, b, bRow, c, cRow, add) =>
      multiply(m, n, depth, a, aRow, aStep, b, bRow, c, cRow, add, scratch),
    update: (m, n, depth, a, aRow, b, bPanel, w, wRow, keep, eta) =>
      update(m, n, depth, a, aRow, b, bPanel, w, wRow, keep, eta, scratch),
    addBias: exports[`addBias${bits}`],
    activate: exports[`activate${bits}`],
    toPanels: exports[`toPanels${bits}`],
    maskInactive: exports[`maskInactive${bits}`],
    multiplyElements: exports[`multiplyElements${bits}`],
    softmaxGradient: exports[`softmaxGradient${bits}`],
    updateBias: exports[`updateBias${bits}`],
    momentumStep: exports[`momentumStep${bits}`],
    momentumBias: exports[`momentumBias${bits}`],
    addToEvaluation: exports[`addToEvaluation${bits}`],
    addSquares: exports[`addSquares${bits}`],
  };
}
