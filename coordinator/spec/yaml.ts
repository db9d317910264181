import { isAlias, isMap, isScalar, isSeq, Lexer, parseDocument, Parser, type Node, type Pair, type Scalar } from 'yaml';
import type { Problems } from './problems.js';
import { quote, type SourceEntry, type SourceMap, type SourceScalar, type SourceValue } from './source.js';

/** Limits that no honest file meets; they keep a hostile one from holding up a coordinator that serves others. */
const MAX_BYTES = 1024 * 1024;
/** Lexical tokens; reading takes some microseconds each. */
const MAX_TOKENS = 100_000;
/** The YAML reader is recursive: far deeper files would overflow its stack. */
const MAX_DEPTH = 64;
/** Values after aliases are expanded. */
const MAX_VALUES = 100_000;
/** Syntax errors told; the reader recovers badly from many. */
const MAX_SYNTAX_ERRORS = 20;

/**
 * Reads one YAML 1.2 document whose top is a map. Merge keys (`<<`) of YAML 1.1 are understood, because sweep files use them;
 * other 1.1 readings (`yes`, `0o` without the o, `1_000`) are not.
 *
 * @returns undefined when there is no tree that further checks could make sense of; then `problems` says why
 */
export function readYaml(text: string, problems: Problems): SourceMap | undefined {
  if (!isText(text, problems) || !withinLimits(text, problems)) return undefined;
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core', // also under a %YAML 1.1 directive
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    uniqueKeys: false, // compares every key with every other; done below
    logLevel: 'error',
  });
  for (const error of [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_ERRORS)) {
    if (error.code === 'MULTIPLE_DOCS') {
      const suggestion = 'keep one search a file: remove everything from the second --- on';
      problems.add({
        rule: 'several-documents',
        message: 'a second document begins here',
        offset: error.pos[0],
        suggestion,
      });
    } else {
      problems.add({
        rule: 'yaml-syntax',
        message: syntaxMessage(error.message),
        offset: error.pos[0],
        suggestion: syntaxMend(error.code),
      });
    }
  }
  if (document.errors.length > 0) return undefined;
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    const suggestion = 'vernier validate configs/quickstart.yaml is fine: begin with a copy of that file';
    problems.add({ rule: 'empty-file', message: 'the file is empty', offset: 0, suggestion });
    return undefined;
  }
  const tree = new TreeBuilder(problems).build(document.contents);
  if (tree === undefined || tree.kind === 'map') return tree;
  problems.add({
    rule: 'wrong-type',
    message: `a search file is a map of keys and values, not ${tree.kind === 'list' ? 'a list' : 'one value'}`,
    offset: tree.offset,
    suggestion: 'begin with name: ..., seed: ..., metric: ...',
  });
  return undefined;
}

/** Characters that YAML takes nowhere (its c-printable): files that are no text, or in UTF-16, have them. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

function isText(text: string, problems: Problems): boolean {
  const offset = text.search(NOT_TEXT);
  if (offset === -1) return true;
  const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
  problems.add({
    rule: 'yaml-syntax',
    message: `not YAML: the character U+${code} stands in no text`,
    offset,
    suggestion: 'save the file as UTF-8 text',
  });
  return false;
}

/** Checked token by token, before anything recursive sees the text. */
function withinLimits(text: string, problems: Problems): boolean {
  const tooLarge = (what: string, offset: number): false => {
    problems.add({ rule: 'file-too-large', message: `a search file has at most ${what}`, offset });
    return false;
  };
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) return tooLarge(`1 MiB (1,048,576 bytes), and this one ${bytes}`, 0);
  const parser = new Parser();
  let tokens = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return tooLarge('100,000 words and signs', offset);
    offset = Math.max(offset, parser.offset);
    const documents = parser.next(lexeme);
    while (documents.next().done !== true);
    if (parser.stack.length > MAX_DEPTH) return tooLarge('64 levels of lists and maps', parser.offset);
  }
  return true;
}

/** The reader's message without the excerpt that it may add. */
function syntaxMessage(message: string): string {
  const [first = message] = message.split('\n');
  return `not YAML: ${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

function syntaxMend(code: string): string | undefined {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      return 'check the indentation and that every bracket, brace and quote is closed';
    case 'TAG_RESOLVE_FAILED':
      return 'leave the ! tag out: types follow from the values';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return 'one key and value a line; quote text that contains ": "';
    case 'BAD_SCALAR_START':
      return 'put quotes around text that begins with a special sign';
    default:
      return undefined;
  }
}

/** Tags that the core schema resolves; `!` alone says text. */
const CORE_TAG = /^(?:!|tag:yaml\.org,2002:(?:str|int|float|bool|null))$/;

/** Turns the reader's nodes into ours: aliases expanded, merge keys merged, duplicates told. */
class TreeBuilder {
  /** Anchors seen so far; one that is still being built holds no value yet. */
  readonly #anchors = new Map<string, Node>();
  readonly #building = new Set<Node>();
  #values = 0;
  #exhausted = false;

  constructor(private readonly problems: Problems) {}

  /** @returns undefined when the expanded tree is too large */
  build(node: Node): SourceValue | undefined {
    const built = this.#value(node, node.range?.[0] ?? 0, 0);
    return this.#exhausted ? undefined : built;
  }

  #value(node: unknown, owner: number, depth: number): SourceValue {
    if (isAlias(node)) {
      const offset = node.range?.[0] ?? owner;
      const target = this.#anchors.get(node.source);
      if (target === undefined || this.#building.has(target)) {
        const [why, mend] =
          target === undefined
            ? ['is defined nowhere before', `write &${node.source} before the value that is meant, further up`]
            : ['contains this alias', 'write the values out'];
        return this.#refused(`the alias *${node.source} is of an anchor that ${why}`, offset, mend);
      }
      return this.#value(target, owner, depth);
    }
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) {
      return emptyScalar(owner);
    }
    const offset = node.range?.[0] ?? owner;
    if (++this.#values > MAX_VALUES || depth > MAX_DEPTH) {
      const again = this.#exhausted;
      this.#exhausted = true;
      return again
        ? emptyScalar(offset)
        : this.#refused(
            `aliases make the file larger than ${MAX_VALUES} values or ${MAX_DEPTH} levels`,
            offset,
            'use fewer aliases',
          );
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node, offset);
    this.#building.add(node);
    const built = isMap(node)
      ? this.#map(node.items, offset, owner, depth)
      : { kind: 'list' as const, items: this.#list(node.items, offset, depth), offset };
    this.#building.delete(node);
    return built;
  }

  #scalar(node: Scalar, offset: number): SourceValue {
    const quoted = node.type !== 'PLAIN';
    // The core schema has no other values.
    const value = node.value as string | number | boolean | null;
    const text = node.source ?? String(value ?? '');
    const built: SourceScalar = { kind: 'scalar', value, text, quoted, offset };
    if (node.tag !== undefined && !CORE_TAG.test(node.tag)) this.problems.markFlawed(built); // told of as syntax
    if (typeof value === 'number' && !Number.isFinite(value)) {
      const suggestion = 'write a finite number';
      this.problems.blame(built, { rule: 'out-of-range', message: `numbers are finite here, not ${text}`, suggestion });
    }
    // 010 is ten in YAML 1.2 and eight in YAML 1.1.
    if (!quoted && typeof value === 'number' && /^[-+]?0[0-9]+$/.test(text)) {
      this.problems.blame(built, {
        rule: 'ambiguous-number',
        message: `${text} is ${value} in YAML 1.2, but may be read as an octal number elsewhere`,
        suggestion: `write ${value}`,
      });
    }
    return built;
  }

  #list(items: readonly unknown[], offset: number, depth: number): SourceValue[] {
    return items.map((item) => this.#value(item, rangeStart(item) ?? offset, depth + 1));
  }

  #map(pairs: readonly Pair[], offset: number, owner: number, depth: number): SourceMap {
    const entries = new Map<string, SourceEntry>();
    const merged: SourceMap[] = [];
    for (const { key, value } of pairs) {
      const keyOffset = rangeStart(key) ?? offset;
      if (!isScalar(key) || key.value === null) {
        this.problems.add({
          rule: 'yaml-syntax',
          message: 'a key must be text',
          offset: keyOffset,
          suggestion: 'write key: value',
        });
        continue;
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
      if (key.anchor !== undefined) this.#anchors.set(key.anchor, key);
      const built = this.#value(value, keyOffset, depth + 1);
      if (name === '<<' && key.type === 'PLAIN') {
        merged.push(...this.#mergeSources(built, keyOffset));
      } else if (entries.has(name)) {
        const suggestion = 'keep one of the two';
        this.problems.add({
          rule: 'duplicate-key',
          message: `${quote(name)} is given twice`,
          offset: keyOffset,
          suggestion,
        });
      } else {
        entries.set(name, { keyOffset, value: built });
      }
    }
    // Keys of the map itself win over merged ones, and earlier merged maps over later ones.
    for (const { entries: others } of merged) {
      for (const [name, entry] of others) if (!entries.has(name)) entries.set(name, entry);
    }
    return { kind: 'map', entries, offset, owner };
  }

  #mergeSources(value: SourceValue, offset: number): SourceMap[] {
    const sources = value.kind === 'list' ? value.items : [value];
    const maps = sources.filter((source) => source.kind === 'map');
    if (maps.length < sources.length || maps.length === 0) {
      this.#refused('<< merges a map or a list of maps', offset, 'write <<: *anchor');
    }
    return maps;
  }

  /** Stands for what cannot be had. */
  #refused(message: string, offset: number, suggestion?: string): SourceScalar {
    const value = emptyScalar(offset);
    this.problems.blame(value, { rule: 'alias-expansion', message, suggestion });
    return value;
  }
}

function emptyScalar(offset: number): SourceScalar {
  return { kind: 'scalar', value: null, text: '', quoted: false, offset };
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
}
