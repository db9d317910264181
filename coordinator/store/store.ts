import type { AttemptEnd, NewSearch, SearchRecord, SearchSummary, StoreWrite } from './records.js';

export interface SummaryPage {
  /** Newest first. */
  searches: SearchSummary[];
  /** Where the next page starts; absent on the last one. */
  next: number | undefined;
}

/**
 * What a coordinator remembers. Every method that changes something is durable when it returns, and all or nothing.
 *
 * Errors of every method: STORE_FULL when the disk has no room, STORE_LOCKED when another program keeps the file locked,
 * both of which pass; STORE_CORRUPT, STORE_UNWRITABLE, which do not.
 */
export interface Store {
  /** Random, made with the store. */
  readonly id: string;

  /** @param nowMs Unix time, as everywhere here */
  createSearch(search: NewSearch, nowMs: number): void;

  /** Carries out all writes in one transaction. */
  commit(writes: readonly StoreWrite[], nowMs: number): void;

  /**
   * The newest search of this spec hash and numerics version over data of these identities (sha256), in any order. A cancelled
   * one, as of a repetition that was given up, comes after all others.
   */
  findSearch(specSha256: string, datasets: readonly string[], numericsVersion: string): string | undefined;

  /** Ids that begin with `prefix`, at most `limit`; an id that is the prefix itself comes alone. */
  idsByPrefix(prefix: string, limit: number): string[];

  summary(id: string): SearchSummary | undefined;

  /** @param after a former page's `next` */
  summaries(limit: number, after?: number): SummaryPage;

  /** @param epochs with every trial's epochs */
  search(id: string, epochs?: boolean): SearchRecord | undefined;

  /** Ids of searches that have not ended, in the order of their submission. */
  runningSearches(): string[];

  /** How the attempt of this token ended, `running` when it has not, undefined when there was none. */
  attemptEnd(token: string): AttemptEnd | 'running' | undefined;

  /** Names of all blobs that trials refer to. */
  referencedBlobs(): Set<string>;

  isReferenced(blob: string): boolean;

  close(): void;
}
