import { Option } from 'commander';
import { address, parallelCount, positiveInteger, seed } from '../../proto/cli-options.js';

/** Options that several commands of this side have, besides those of proto/cli-options.ts; each is described here once. */

/** Where the searches are: with a coordinator that runs, or in a store. */
export interface ReachOptions {
  coordinator?: string;
  store?: string;
}

export const coordinatorOption = (): Option =>
  new Option('--coordinator <host:port>', 'a running coordinator').argParser(address).conflicts('store');

const STORE_DEFAULT = "vernier/searches.db in the user's data folder";

export const storeOption = (description = 'file that the searches are kept in'): Option =>
  new Option('--store <file>', `${description} (default: ${STORE_DEFAULT})`);

export const seedOption = (): Option => new Option('--seed <n>', "replaces the file's seed").argParser(seed);

export const againOption = (): Option => new Option('--again', 'start anew although this search is stored already');

export const countOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(positiveInteger);

/** Of workers or threads. */
export const parallelOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(parallelCount);

/** For the help of commands that take a search's id. */
export const ID_HELP = 'An ID may be shortened to any beginning that only one search has.';
export const LATEST_HELP = `${ID_HELP}
Without an ID, or with "latest", it is the search that was submitted last.`;
