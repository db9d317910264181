import type { BlockedFunctions } from '../blocked/functions.js';

type Named<Bits extends '32' | '64'> = {
  [Name in keyof BlockedFunctions as `${Name}${Bits}`]: BlockedFunctions[Name];
};

/** What the compiled kernel exports: assembly/index.ts. Addresses and sizes are numbers of bytes, up to 2^32 - 1. */
export interface WasmExports extends Named<'32'>, Named<'64'> {
  exp(x: number): number;
  log(x: number): number;
  /** assembly/peak.ts: `turns` times 12 multiplications and 12 additions of vectors, starting from `factor`. */
  multiplyAddPeak32(turns: number, factor: number): number;
  multiplyAddPeak64(turns: number, factor: number): number;
}

/** The exports for one precision, under BlockedFunctions' own names. */
export function blockedFunctions(exports: WasmExports, bits: '32' | '64'): BlockedFunctions {
  return {
    gather: exports[`gather${bits}`],
    multiply: exports[`multiply${bits}`],
    update: exports[`update${bits}`],
    addBias: exports[`addBias${bits}`],
    activate: exports[`activate${bits}`],
    toPanels: exports[`toPanels${bits}`],
    maskInactive: exports[`maskInactive${bits}`],
    softmaxGradient: exports[`softmaxGradient${bits}`],
    updateBias: exports[`updateBias${bits}`],
    addToEvaluation: exports[`addToEvaluation${bits}`],
    addSquares: exports[`addSquares${bits}`],
  };
}
