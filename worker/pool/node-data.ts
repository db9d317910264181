import { VernierError } from '../../proto/errors.js';
import type { LoadedDataset } from '../datasets/dataset.js';
import type { RecordsRegion, Region } from '../kernel/kernel.js';
import type { NodeMemory } from '../kernel/memory.js';
import type { Normalisation } from '../trainers/trainer.js';

/** Reads a data set into the node's memory. `sha256` is the identity that it must have. */
export type DatasetLoader = (name: string, sha256: string) => Promise<LoadedDataset>;
/** Statistics of the first `count` of the records. */
export type NormalisationSource = (records: RecordsRegion, count: number) => Promise<Normalisation>;

interface Entry {
  loading: Promise<LoadedDataset>;
  loaded?: LoadedDataset;
  /** By number of training records. */
  normalisations: Map<number, Promise<Normalisation>>;
  /** Trials that use it now. */
  users: number;
}

/**
 * What the trials of a node share: its data sets, each loaded once however many trials ask at once, and their
 * statistics. Data sets that no trial uses stay until memory is short; then the least recently used goes first.
 */
export class NodeData {
  /** By identity; the least recently used first. */
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly memory: NodeMemory,
    private readonly load: DatasetLoader,
    private readonly computeNormalisation: NormalisationSource,
  ) {}

  /** Holds a data set until `release(sha256)`. Loading that failed is tried anew by the next caller. */
  async hold(name: string, sha256: string): Promise<LoadedDataset> {
    const entry = this.entries.get(sha256) ?? this.startLoading(name, sha256);
    this.entries.delete(sha256);
    this.entries.set(sha256, entry);
    entry.users++;
    try {
      return await entry.loading;
    } catch (error) {
      entry.users--;
      throw error;
    }
  }

  release(sha256: string): void {
    const entry = this.entries.get(sha256);
    if (entry !== undefined) entry.users--;
  }

  /** Of the first `count` training records of a data set that the caller holds. */
  normalisation(dataset: LoadedDataset, count: number): Promise<Normalisation> {
    const known = this.entries.get(dataset.info.sha256)?.normalisations;
    const started = known?.get(count) ?? this.computeNormalisation(dataset.train, count);
    known?.set(count, started);
    started.catch(() => known?.delete(count)); // the next trial tries anew
    return started;
  }

  /**
   * Allocates in the node's memory, letting go of unused data sets where it is short.
   *
   * @throws VernierError MEMORY_EXHAUSTED
   */
  allocate(bytes: number): Region {
    for (;;) {
      try {
        return this.memory.allocate(bytes);
      } catch (error) {
        if (!isMemoryExhausted(error) || !this.evictOne()) throw error;
      }
    }
  }

  private startLoading(name: string, sha256: string): Entry {
    const entry: Entry = { loading: this.loadEvicting(name, sha256), normalisations: new Map(), users: 0 };
    entry.loading.then(
      (loaded) => (entry.loaded = loaded),
      () => this.entries.delete(sha256),
    );
    return entry;
  }

  private async loadEvicting(name: string, sha256: string): Promise<LoadedDataset> {
    for (;;) {
      try {
        return await this.load(name, sha256);
      } catch (error) {
        if (!isMemoryExhausted(error) || !this.evictOne()) throw error;
      }
    }
  }

  /** Lets go of the least recently used data set that no trial uses; false when there is none. */
  private evictOne(): boolean {
    for (const [sha256, { users, loaded }] of this.entries) {
      if (users > 0 || loaded === undefined) continue;
      this.entries.delete(sha256);
      for (const { images, labels } of [loaded.train, loaded.test]) {
        this.memory.release(images);
        this.memory.release(labels);
      }
      return true;
    }
    return false;
  }
}

function isMemoryExhausted(error: unknown): boolean {
  return error instanceof VernierError && error.code === 'MEMORY_EXHAUSTED';
}
