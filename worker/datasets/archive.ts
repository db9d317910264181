import { basename } from 'node:path';
import { Parser, type ReadEntry } from 'tar';
import type { MemberFile } from '../../proto/datasets.js';
import { lacking } from './lacking.js';
import { compare, MemberWriter, wrongMember } from './member-writer.js';
import { sourceChunks } from './source.js';

/** What the parser tells of a member while it is fed. Between a start and its end comes only that member's data. */
type Piece = { start: MemberFile } | { data: Uint8Array } | { end: true };

/** Kinds of tar entries that hold a file's bytes; the second is that of archives from before 1988, or of `--format=v7`. */
const FILE_TYPES: readonly string[] = ['File', 'OldFile', 'ContiguousFile'];

/**
 * Unpacks the wanted members of a tar archive, gzipped or not, into `directory`, and checks each. An entry is taken for a
 * member by its base name and written under the member's own name: what paths, links or further entries an archive
 * holds is of no account. Of several entries with a member's name, the first whose sum is right counts.
 *
 * @param origin what the archive is called in messages
 * @param onMember called with the name of each member that was checked
 * @throws VernierError DATASET_CORRUPT naming each member that is lacking or wrong; FILE_UNREADABLE, DATASET_UNSUPPORTED
 */
export async function unpackArchive(
  archive: string,
  members: readonly MemberFile[],
  directory: string,
  origin: string,
  onMember: (file: string) => void = () => {},
): Promise<void> {
  const done = new Set<string>();
  const tar = new TarReader((entry) => {
    const member = members.find(({ file }) => file === basename(entry.path));
    return member !== undefined && !done.has(member.file) ? member : undefined;
  });
  const problems = new Map<string, string>();
  let open: { member: MemberFile; writer: MemberWriter } | undefined;

  const take = async (piece: Piece): Promise<void> => {
    if ('start' in piece) {
      const { file, bytes } = piece.start;
      // Two entries of one name can lie in one chunk, both before the first is done.
      if (!done.has(file)) open = { member: piece.start, writer: await MemberWriter.create(directory, file, bytes) };
    } else if (open !== undefined && 'data' in piece) {
      await open.writer.write(piece.data);
    } else if (open !== undefined) {
      const { member, writer } = open;
      const difference = compare(member, await writer.finish());
      open = undefined;
      if (difference === undefined) {
        done.add(member.file);
        onMember(member.file);
      } else {
        problems.set(member.file, difference);
        await writer.remove();
      }
    }
  };
  try {
    for await (const chunk of sourceChunks(archive, origin)) {
      for (const piece of tar.feed(chunk)) await take(piece);
      if (done.size === members.length) return;
    }
    for (const piece of tar.end()) await take(piece);
  } finally {
    await open?.writer.abandon();
  }
  for (const [file, difference] of problems) {
    if (!done.has(file)) throw wrongMember(`${origin}: ${file}`, difference);
  }
  const absent = members.map(({ file }) => file).filter((file) => !done.has(file));
  if (absent.length > 0) throw lacking(origin, absent, tar.names, tar.problem);
}

/** Reads a tar archive chunk by chunk, giving the pieces of the wanted entries that lie in each. */
class TarReader {
  /** Base names of all entries so far. */
  readonly names = new Set<string>();
  /** The first thing that was wrong with the archive itself. */
  problem: string | undefined;
  private pieces: Piece[] = [];
  private readonly parser: Parser;

  constructor(wanted: (entry: ReadEntry) => MemberFile | undefined) {
    this.parser = new Parser({
      onReadEntry: (entry: ReadEntry) => {
        this.names.add(basename(entry.path));
        const member = FILE_TYPES.includes(entry.type) ? wanted(entry) : undefined;
        if (member === undefined) {
          entry.resume();
          return;
        }
        this.pieces.push({ start: member });
        entry.on('data', (data: Buffer) => this.pieces.push({ data }));
        entry.on('end', () => this.pieces.push({ end: true }));
      },
      // Not strict: an odd entry does no harm, since the members are known by their sums.
      onwarn: (_code: string, message: string | Error) => this.note(message),
    });
    this.parser.on('error', (error: Error) => this.note(error));
  }

  /** Pieces are valid only until the next chunk is fed. */
  feed(chunk: Uint8Array): Piece[] {
    // A copy, because the parser keeps a part of a header for the next chunk.
    return this.drain(() => this.parser.write(Buffer.from(chunk)));
  }

  end(): Piece[] {
    return this.drain(() => this.parser.end());
  }

  private drain(step: () => void): Piece[] {
    this.pieces = [];
    try {
      step();
    } catch (error) {
      // The parser throws at some damage instead of telling of it.
      this.note(error as Error);
    }
    return this.pieces;
  }

  private note(problem: string | Error): void {
    this.problem ??= problem instanceof Error ? problem.message : problem;
  }
}
