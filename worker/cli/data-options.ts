import { Option } from 'commander';

/** Options that several commands have; each is described here once. */

export interface DataOptions {
  dataDir?: string;
  json?: true;
}

export const dataDirOption = (): Option =>
  new Option('--data-dir <folder>', "data sets' folder (default: VERNIER_DATA_DIR, or the user's cache)");

export const jsonOption = (): Option => new Option('--json', 'print one JSON object on stdout and nothing else there');
