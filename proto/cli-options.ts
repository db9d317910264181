import { InvalidArgumentError, Option } from 'commander';
import { KERNEL_NAMES } from './kernels.js';
import { MAX_SEED } from './seed.js';
import { MAX_SIDE_BY_SIDE } from './trainers/side-by-side.js';

/** Options that both sides' commands have; each is described here once. */

export const jsonOption = (): Option => new Option('--json', 'print one JSON object on stdout and nothing else there');

export const dataDirOption = (): Option =>
  new Option('--data-dir <folder>', "data sets' folder (default: VERNIER_DATA_DIR, or the user's cache)");

export const kernelOption = (): Option =>
  new Option('--kernel <name>', 'numerical backend; all give the same bits (default: the fastest)')
    .choices(KERNEL_NAMES)
    .env('VERNIER_KERNEL');

/** How many trials a thread trains side by side at most; `auto`: as many as the caches bear. */
export type SideBySideLimit = number | 'auto';

export const sideBySideOption = (): Option =>
  new Option(
    '--side-by-side <n>',
    `trials that a thread trains together at most, to be faster: 1 to ${MAX_SIDE_BY_SIDE}, or auto`,
  )
    .argParser(sideBySideLimit)
    .default('auto', 'as many as the caches bear')
    .env('VERNIER_SIDE_BY_SIDE');

/** What --json prints. */
export function writeJson(value: object, stdout: { write(text: string): unknown }): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Parsers of option values. What they throw names what is allowed; commander adds the option and the value. */

const HOST_AND_PORT = /^(?:\[[0-9a-f:.]+\]|[^\s:[\]/]+):([0-9]{1,5})$/i;
const MAX_PORT = 65_535;

/** HOST:PORT of somebody who listens. */
export function address(text: string): string {
  if (portOf(text) >= 1) return text;
  throw new InvalidArgumentError(`It must be HOST:PORT with a port of 1 to ${MAX_PORT}, as in 192.168.1.10:7077.`);
}

/** HOST:PORT to listen on; port 0 takes any free one. */
export function listenAddress(text: string): string {
  if (portOf(text) >= 0) return text;
  throw new InvalidArgumentError(
    `It must be HOST:PORT with a port of 0 (any free one) to ${MAX_PORT}, as in 0.0.0.0:7077.`,
  );
}

/** -1 when the text is no address. */
function portOf(text: string): number {
  const port = Number(HOST_AND_PORT.exec(text)?.[1] ?? -1);
  return port <= MAX_PORT ? port : -1;
}

/** Digits only: `1e3`, `0x10` and ` 5` are slips more often than meant. */
const DIGITS = /^[0-9]+$/;

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (DIGITS.test(text) && Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

/** More than any machine has cores: a slip of the keyboard must not start processes and threads until it has no memory. */
const MOST_AT_ONCE = 1024;

/** How many workers or threads. */
export function parallelCount(text: string): number {
  const value = Number(text);
  if (DIGITS.test(text) && value >= 1 && value <= MOST_AT_ONCE) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_AT_ONCE}.`);
}

function sideBySideLimit(text: string): SideBySideLimit {
  if (text === 'auto') return text;
  const value = Number(text);
  if (DIGITS.test(text) && value >= 1 && value <= MAX_SIDE_BY_SIDE) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_SIDE_BY_SIDE}, or auto.`);
}

export function seed(text: string): number {
  const value = Number(text);
  if (DIGITS.test(text) && value <= MAX_SEED) return value;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_SEED}.`);
}

export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0) return value;
  throw new InvalidArgumentError('It must be a number of seconds, not negative.');
}
