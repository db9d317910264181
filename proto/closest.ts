/** A word shorter than this is the beginning of too many others to be taken for one of them. */
const SHORTEST_PREFIX = 3;
/** Slips in a word of average length; more than these is another word. */
const MOST_SLIPS = 3;
/** Of a word's letters, the part that may be wrong. */
const WRONG_PART = 0.4;

/**
 * The candidate that `word` was most likely meant to be: fewest slips, where a slip is a letter too many, missing, wrong or
 * swapped with its neighbour; else one that begins with it. Capitals do not count. Of equals the first.
 *
 * @returns undefined when none is close
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: { candidate: string; slips: number } | undefined;
  let longer: string | undefined;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const slips = distance(typed, known);
    const allowed = Math.min(MOST_SLIPS, Math.floor(Math.max(typed.length, known.length) * WRONG_PART));
    if (slips <= allowed && (best === undefined || slips < best.slips)) best = { candidate, slips };
    if (typed.length >= SHORTEST_PREFIX && known.startsWith(typed)) longer ??= candidate;
  }
  return best?.candidate ?? longer;
}

/** Optimal string alignment distance, by three rows of its table. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next.push(
        Math.min(
          at(last, column) + 1,
          at(next, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    before = last;
    last = next;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
