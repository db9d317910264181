import Table from 'cli-table3';

/** How commands of this side write on stdout. */

/** A table with one line a row; `right` names the columns of numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly string[]): string {
  const drawn = new Table({
    head: [...head],
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
    style: { head: [], border: [] },
    chars: { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

/** `50,000` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `184 MB`: powers of 1000, whole from 10 on. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would round to 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
