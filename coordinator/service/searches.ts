import { randomInt } from 'node:crypto';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { DATASET_NAME, type DatasetInfo } from '../../proto/datasets.js';
import { VernierError } from '../../proto/errors.js';
import type { DatasetInfo__Output } from '../../proto/generated/vernier/v1/DatasetInfo.js';
import type { ListSearchesRequest__Output } from '../../proto/generated/vernier/v1/ListSearchesRequest.js';
import type { ListSearchesResponse } from '../../proto/generated/vernier/v1/ListSearchesResponse.js';
import type { SearchesHandlers } from '../../proto/generated/vernier/v1/Searches.js';
import type { SearchEvent } from '../../proto/generated/vernier/v1/SearchEvent.js';
import type { SearchSummary as WireSummary } from '../../proto/generated/vernier/v1/SearchSummary.js';
import type { SubmitSearchRequest__Output } from '../../proto/generated/vernier/v1/SubmitSearchRequest.js';
import type { SubmitSearchResponse } from '../../proto/generated/vernier/v1/SubmitSearchResponse.js';
import type { Machine } from '../../proto/machine.js';
import { NUMERICS_VERSION } from '../../proto/versions.js';
import { plannedTrials } from '../schedule/running-search.js';
import type { Schedule } from '../schedule/schedule.js';
import { parseSearchFile } from '../spec/search-file.js';
import { BLOB_NAME } from '../store/blobs.js';
import type { SearchRecord, SearchSummary } from '../store/records.js';
import type { Store } from '../store/store.js';
import { answer, endWith } from './calls.js';
import type { Clock } from './clock.js';
import type { Engine } from './engine.js';
import { bestToWire, detailToWire, roundsToWire, runningToWire, summaryToWire } from './search-wire.js';
import { Watches } from './watches.js';

const MAX_SPEC_BYTES = 1024 * 1024;
const MAX_FILE_NAME = 300;
const MAX_DATASETS = 1000;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;
/** Ids an abbreviation's refusal lists. */
const SHOWN_IDS = 5;
/** Short enough to type, and 36^10 of them: two never meet. */
const ID_LENGTH = 10;
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

export interface SearchesOptions {
  engine: Engine;
  schedule: Schedule;
  store: Store;
  clock: Clock;
  log: (line: string) => void;
  /** This coordinator's own. */
  machine: Machine;
}

/** The Searches service. */
export class Searches {
  private readonly watches: Watches;

  constructor(private readonly options: SearchesOptions) {
    const { engine, clock } = options;
    this.watches = new Watches({ engine, clock, present: (id) => this.event(id) });
  }

  get handlers(): SearchesHandlers {
    return {
      SubmitSearch: ({ request }, callback) => answer(callback, () => this.submit(request)),
      GetSearch: ({ request: { id, epochs, configs } }, callback) =>
        answer(callback, () => {
          const summary = this.summary(this.resolve(id));
          return detailToWire(this.record(summary.id, epochs), this.wireSummary(summary), { epochs, configs });
        }),
      ListSearches: ({ request }, callback) => answer(callback, () => this.list(request)),
      WatchSearch: (call) => {
        let id: string;
        try {
          id = this.resolve(call.request.id);
        } catch (error) {
          endWith(call, error);
          return;
        }
        void this.watches.watch(call, id);
      },
      CancelSearch: (call: ServerUnaryCall<{ id: string }, WireSummary>, callback) =>
        answer(callback, () => this.cancel(this.resolve(call.request.id))),
    };
  }

  /** Ends every watch. */
  close(): void {
    this.watches.close();
  }

  private submit(request: SubmitSearchRequest__Output): SubmitSearchResponse {
    const { store, engine, clock, machine } = this.options;
    const { specYaml, seed } = request;
    const fileName = oneLine(request.fileName);
    const bytes = Buffer.byteLength(specYaml);
    if (bytes > MAX_SPEC_BYTES) throw usage(`a search file has at most ${MAX_SPEC_BYTES} bytes, not ${bytes}`);
    const { spec, specSha256, datasets } = parseSearchFile(specYaml, {
      fileName: fileName || 'the search file',
      datasets: datasetsFromWire(request.datasets),
      ...(seed === undefined ? {} : { seed }),
    });
    if (!request.again) {
      const stored = store.findSearch(
        specSha256,
        datasets.map(({ sha256 }) => sha256),
        NUMERICS_VERSION,
      );
      if (stored !== undefined) return { search: this.wireSummary(this.summary(stored)), created: false };
    }
    const id = this.newId();
    const trialsTotal = plannedTrials(spec, []);
    // Stored before the schedule knows of it: a search that finds no room was never submitted.
    const search = { id, spec, specSha256, datasets, numericsVersion: NUMERICS_VERSION };
    store.createSearch({ ...search, specYaml, fileName, machine, trialsTotal }, clock.unixMs());
    this.options.log(`search ${id} (${spec.name}) was submitted`);
    engine.dispatch({ kind: 'submitted', search });
    return { search: this.wireSummary(this.summary(id)), created: true };
  }

  private list({ pageSize, pageToken }: ListSearchesRequest__Output): ListSearchesResponse {
    const after = pageToken === '' ? undefined : Number(pageToken);
    if (after !== undefined && !(Number.isSafeInteger(after) && after >= 0)) {
      throw usage(`a page token is what a former page gave, not ${JSON.stringify(pageToken.slice(0, 50))}`);
    }
    const { searches, next } = this.options.store.summaries(Math.min(pageSize || DEFAULT_PAGE, MAX_PAGE), after);
    return {
      searches: searches.map((summary) => this.wireSummary(summary)),
      nextPageToken: next === undefined ? '' : String(next),
    };
  }

  private async cancel(id: string): Promise<WireSummary> {
    this.options.engine.dispatch({ kind: 'cancel', search: id });
    await this.options.engine.committed();
    return this.wireSummary(this.summary(id));
  }

  private event(id: string): { event: SearchEvent; ended: boolean } {
    const { schedule } = this.options;
    const summary = this.summary(id);
    const record = this.record(id);
    const event: SearchEvent = {
      search: this.wireSummary(summary),
      rounds: roundsToWire(record),
      running: schedule.running(id).map(runningToWire),
      best: bestToWire(record),
      ...schedule.connected,
    };
    return { event, ended: summary.state !== 'running' };
  }

  private wireSummary(summary: SearchSummary): WireSummary {
    return summaryToWire(summary, this.options.schedule.obstacle(summary.id));
  }

  private summary(id: string): SearchSummary {
    return this.options.store.summary(id) ?? notFound(id);
  }

  private record(id: string, epochs = false): SearchRecord {
    return this.options.store.search(id, epochs) ?? notFound(id);
  }

  /** The whole id that an abbreviation stands for. */
  private resolve(prefix: string): string {
    const found = prefix === '' ? [] : this.options.store.idsByPrefix(prefix, SHOWN_IDS + 1);
    const [id] = found;
    if (id === undefined) return notFound(prefix);
    if (found.length === 1) return id;
    const shown = `${found.slice(0, SHOWN_IDS).join(', ')}${found.length > SHOWN_IDS ? ', ...' : ''}`;
    throw new VernierError('SEARCH_AMBIGUOUS', `${prefix} is the beginning of several searches' ids: ${shown}`, {
      mend: 'give one more letter, or the whole id',
    });
  }

  private newId(): string {
    for (;;) {
      const id = Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
      if (this.options.store.summary(id) === undefined) return id;
    }
  }
}

function notFound(id: string): never {
  throw new VernierError('SEARCH_NOT_FOUND', `there is no search ${JSON.stringify(id.slice(0, 50))}`, {
    mend: '`vernier list` shows the searches there are',
  });
}

function datasetsFromWire(datasets: readonly DatasetInfo__Output[]): DatasetInfo[] {
  if (datasets.length > MAX_DATASETS) throw usage(`at most ${MAX_DATASETS} data sets, not ${datasets.length}`);
  for (const { name, sha256 } of datasets) {
    if (DATASET_NAME.test(name) && BLOB_NAME.test(sha256)) continue;
    throw usage(`a data set has a lower-case name and a SHA-256, not ${JSON.stringify([name, sha256]).slice(0, 200)}`);
  }
  return datasets.map(({ image, ...described }) => {
    if (image === null) return described;
    const { channels, height, width, order } = image;
    if (channels * height * width !== described.inputs || (order !== 'planar' && order !== 'interleaved')) {
      throw usage(`the images of data set ${described.name} are not of its ${described.inputs} values a record`);
    }
    return { ...described, image: { channels, height, width, order } };
  });
}

function usage(message: string): VernierError {
  return new VernierError('USAGE', message);
}

function oneLine(text: string): string {
  return text.slice(0, MAX_FILE_NAME).replaceAll(/\p{Cc}+/gu, ' ');
}
