const PLAIN = /^[\p{L}\p{N}_@%+=:,./-]+$/u;

/** Text as one word of a POSIX shell, for commands that messages show to be copied. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
