import type { ParameterValue } from '../../proto/domain.js';

/** Digits that a number in a table shows: enough to tell neighbours apart, few enough to read. `--json` has them all. */
const SIGNIFICANT_DIGITS = 4;
/** Plain notation from here up to its digits' end; exponents outside, where zeros would have to be counted. */
const SMALLEST_PLAIN = 1e-3;
const LARGEST_PLAIN = 1e6;

/** A number for reading: whole ones in full, others with 4 significant digits and no trailing zeros. */
export function formatNumber(value: number): string {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= SMALLEST_PLAIN && size < LARGEST_PLAIN) return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  return value.toExponential(SIGNIFICANT_DIGITS - 1).replace(/\.?0*e\+?/, 'e');
}

/** Text stands as it is, but for what would break the line it stands on. */
export function formatParameter(value: ParameterValue): string {
  if (typeof value === 'number') return formatNumber(value);
  return printable(String(value));
}

/** A metric's value: accuracies in percent with two decimals. */
export function formatMetric(name: string, value: number): string {
  if (!name.endsWith('_accuracy') || !Number.isFinite(value)) return formatNumber(value);
  return `${(value * 100).toFixed(2)} %`;
}

/** Line ends, tabs and escape sequences as a JSON string writes them. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const written = JSON.stringify(character).slice(1, -1);
    return written === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : written;
  });
}

/** `count` of something, in words: "1 trial", "8 trials". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** `14 s`, `2 min 14 s`, `1 h 02 min` */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  if (seconds < MINUTE_S) return `${seconds} s`;
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min ${seconds % MINUTE_S} s`;
  return `${Math.floor(seconds / HOUR_S)} h ${String(Math.floor((seconds % HOUR_S) / MINUTE_S)).padStart(2, '0')} min`;
}

/** Characters that terminals draw two columns wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const COMBINING = /^(?:\p{Mark}|\u200d)$/u;

/** Columns that text without control characters takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Cuts to `columns`, the last one an ellipsis where something was cut. */
export function clip(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width >= columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * Breaks text between words into lines of at most `columns`, all but the first indented. A longer word is clipped; a number
 * and its percent sign stay together.
 */
export function wrap(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ (?!%)/)) {
    const start = lines.length === 0 ? '' : indent;
    if (line === '') line = clip(start + word, columns);
    else if (displayWidth(line) + 1 + displayWidth(word) <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = clip(indent + word, columns);
    }
  }
  return [...lines, line].join('\n');
}
