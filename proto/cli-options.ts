import { InvalidArgumentError } from 'commander';
import { MAX_SEED } from './seed.js';

/** Parsers of option values that both sides' commands have. What they throw names what is allowed; commander adds the option and the value. */

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
