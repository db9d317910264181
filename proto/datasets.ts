/** A data set as a search or a node knows it. */
export interface DatasetInfo {
  name: string;
  /** The data's identity: SHA-256 over "SHA256  FILE\n" of its member files, sorted by file name. */
  sha256: string;
  /** Training records, in file order; a search takes its training and validation records from these. */
  train: number;
  test: number;
  /** Bytes per record. */
  inputs: number;
  classes: number;
}
