import { displayWidth } from '../../report/format.js';

/** Text for narrow places, besides report/format.ts. */

const SECOND_MS = 1000;
const MINUTE_S = 60;

/** An estimate, no finer than it deserves: `under 5 s`, `about 35 s`, `about 4 min`, `about 1 h 10 min`. */
export function roughDuration(ms: number): string {
  const seconds = ms / SECOND_MS;
  if (seconds < 5) return 'under 5 s';
  if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / MINUTE_S);
  if (minutes < 60) return `about ${minutes} min`;
  const tens = Math.round(minutes / 10) * 10;
  return `about ${Math.floor(tens / 60)} h ${String(tens % 60).padStart(2, '0')} min`;
}

/** `[########........]`, `width` characters over all. */
export function bar(share: number, width: number): string {
  const inner = Math.max(0, width - 2);
  const full = Math.round(inner * Math.min(1, Math.max(0, share)));
  return `[${'#'.repeat(full)}${'.'.repeat(inner - full)}]`;
}

/** `text`, filled with spaces to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}
