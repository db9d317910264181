import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { NodeMemory } from '../../worker/kernel/memory.js';
import { compileWasmKernel, instantiate } from '../../worker/kernel/wasm/module.js';

/*
 * Compares the product's exp and log, rounded to float32, with the correctly rounded ones, for all inputs of some blocks: the
 * native kernel's inside the C program, those of TypeScript and WASM by their blocks' sums, which that program tells.
 *
 * A process of its own, so that several share the work: node --import tsx compare.ts < Task as JSON, prints Comparison as JSON.
 */

export interface Task {
  /** float32.c compiled. */
  program: string;
  /** 0 to 4095, of 2^20 inputs each. */
  blocks: readonly number[];
  /** The module with `exp32` and `log32`: proto/numeric, or a copy of it. */
  numeric: string;
}

export interface Wrong {
  name: 'exp' | 'log';
  /** 'typescript', 'wasm', or the native kernel's width. */
  where: string;
  /** Bits of float32 numbers, in hexadecimal. */
  input: string;
  correct: string;
  result: string;
}

export interface Comparison {
  /** What was compared. */
  implementations: string[];
  /** At most a hundred a block, a function and an implementation. */
  wrong: Wrong[];
  /** Lines about inputs that the oracle cannot decide. */
  undecided: string[];
}

const BLOCK = 2 ** 20;
/** As many as numbers that the caches hold. */
const CHUNK = 2 ** 12;
const MOST_TOLD = 100;

interface Numeric {
  exp32: (x: number) => number;
  log32: (x: number) => number;
}
type InChunks = (values: Float32Array<ArrayBuffer>) => void;
type Implementations = Record<string, Record<Wrong['name'], InChunks>>;

async function typescript(module: string): Promise<Record<Wrong['name'], InChunks>> {
  const numeric = (await import(module)) as Numeric;
  return {
    exp: (values) => {
      for (let i = 0; i < CHUNK; i++) values[i] = numeric.exp32(values[i] as number);
    },
    log: (values) => {
      for (let i = 0; i < CHUNK; i++) values[i] = numeric.log32(values[i] as number);
    },
  };
}

function wasm(): Record<Wrong['name'], InChunks> {
  const memory = new NodeMemory();
  const { offset } = memory.allocate(CHUNK * 8);
  const kernel = instantiate(compileWasmKernel(), memory.memory);
  const room = new Float64Array(memory.memory.buffer, offset, CHUNK);
  const inFloat64 =
    (inPlace: 'exponentials' | 'logarithms'): InChunks =>
    (values) => {
      room.set(values);
      kernel[inPlace](offset, CHUNK);
      values.set(room);
    };
  return { exp: inFloat64('exponentials'), log: inFloat64('logarithms') };
}

const chunk = new Uint32Array(CHUNK);
const numbers = new Float32Array(chunk.buffer);

/** The results' bits, every NaN in one form, chunk by chunk, in a buffer that is used again. */
function* results(compute: InChunks, block: number): Generator<Uint32Array> {
  for (let first = 0; first < BLOCK; first += CHUNK) {
    for (let i = 0; i < CHUNK; i++) chunk[i] = block * BLOCK + first + i;
    compute(numbers);
    for (let i = 0; i < CHUNK; i++) {
      if (((chunk[i] as number) & 0x7fffffff) > 0x7f800000) chunk[i] = 0x7fc00000;
    }
    yield chunk;
  }
}

/** float32.c's `add`. */
function sumOf(compute: InChunks, block: number): string {
  let sum = 1;
  for (const bits of results(compute, block)) {
    for (let i = 0; i < CHUNK; i++) sum = Math.imul(sum ^ (bits[i] as number), 0x9e3779b1);
  }
  return hexadecimal(sum >>> 0);
}

function hexadecimal(bits: number): string {
  return bits.toString(16).padStart(8, '0');
}

function locate(program: string, compute: InChunks, name: Wrong['name'], where: string, block: number): Wrong[] {
  const bytes = execFileSync(program, ['values', name, String(block)], { maxBuffer: 2 * BLOCK * 4 });
  const correct = new Uint32Array(Uint8Array.from(bytes).buffer);
  const wrong: Wrong[] = [];
  let at = 0;
  for (const bits of results(compute, block)) {
    for (let i = 0; i < CHUNK; i++, at++) {
      const [right, result] = [correct[at] as number, bits[i] as number];
      if (right === result || wrong.length === MOST_TOLD) continue;
      const input = hexadecimal(block * BLOCK + at);
      wrong.push({ name, where, input, correct: hexadecimal(right), result: hexadecimal(result) });
    }
  }
  if (wrong.length === 0) throw new Error(`block ${block} of ${name}: another sum, and no other result`);
  return wrong;
}

async function compare({ program, blocks, numeric }: Task): Promise<Comparison> {
  const implementations: Implementations = { typescript: await typescript(numeric), wasm: wasm() };
  const comparison: Comparison = { implementations: Object.keys(implementations), wrong: [], undecided: [] };
  const lines = execFileSync(program, ['blocks', ...blocks.map(String)], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  for (const line of lines.trimEnd().split('\n')) {
    const [kind, ...words] = line.split(' ');
    if (kind === 'widths') comparison.implementations.push(...words);
    else if (kind === 'undecided') comparison.undecided.push(line);
    else if (kind === 'wrong') {
      const [name, where, input, correct, result] = words as [Wrong['name'], string, string, string, string];
      comparison.wrong.push({ name, where, input, correct, result });
    } else if (kind === 'sum') {
      const [name, block, sum] = words as [Wrong['name'], string, string];
      for (const [where, { [name]: compute }] of Object.entries(implementations)) {
        if (sumOf(compute, Number(block)) === sum) continue;
        comparison.wrong.push(...locate(program, compute, name, where, Number(block)));
      }
    } else throw new Error(`an unexpected line: ${line}`);
  }
  return comparison;
}

const task = JSON.parse(readFileSync(0, 'utf8')) as Task;
process.stdout.write(JSON.stringify(await compare(task)));
