import { LineCounter } from 'yaml';
import type { Problem } from '../../proto/errors.js';
import type { Rule } from './rules.js';
import type { SourceValue } from './source.js';

/** A mistake and where it stands. */
export interface Found {
  rule: Rule;
  message: string;
  /** In the file's text. */
  offset: number;
  suggestion?: string | undefined;
  /** What is missing, where something is: then `offset` is where it belongs, which can lack several things. */
  about?: string;
}

/** More mistakes than this are no longer read by anybody; the last one says how many there are besides. */
const MOST_TOLD = 200;

/** Collects mistakes. The same one found twice, in settings that several rounds share, is told once. */
export class Problems {
  readonly #found = new Map<string, Found>();
  /** Values already told of; whatever builds on one must keep silent. */
  readonly #flawed: Set<SourceValue>;

  /** @param parent whose marks of flawed values are shared; mistakes are not */
  constructor(parent?: Problems) {
    this.#flawed = parent === undefined ? new Set() : parent.#flawed;
  }

  add(problem: Found): void {
    const identity = JSON.stringify([problem.rule, problem.offset, problem.about ?? '']);
    if (!this.#found.has(identity)) this.#found.set(identity, problem);
  }

  /** As add, and nothing that depends on `value` will be told. */
  blame(value: SourceValue, problem: Omit<Found, 'offset'>): void {
    this.markFlawed(value);
    this.add({ ...problem, offset: value.offset });
  }

  markFlawed(value: SourceValue): void {
    this.#flawed.add(value);
  }

  isFlawed(value: SourceValue): boolean {
    return this.#flawed.has(value);
  }

  get found(): readonly Found[] {
    return [...this.#found.values()];
  }

  /** Every mistake in file order, with its line and column (both from 1, columns in UTF-16 units) inside `text`. */
  inFileOrder(text: string): Problem[] {
    const position = positions(text);
    const sorted = [...this.#found.values()].sort((a, b) => a.offset - b.offset);
    const told = sorted.slice(0, MOST_TOLD).map(({ rule, message, offset, suggestion }): Problem => ({
      rule,
      message,
      ...position(offset),
      ...(suggestion === undefined ? {} : { suggestion }),
    }));
    const last = told.at(-1);
    if (last !== undefined && sorted.length > told.length) {
      last.message += ` (and ${sorted.length - told.length} more mistakes after this one)`;
    }
    return told;
  }
}

/** Offset -> line and column. What lies behind the last visible character is told right after it. */
function positions(text: string): (offset: number) => { line: number; column: number } {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const end = text.trimEnd().length;
  return (offset) => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, end)));
    return { line, column: col };
  };
}
