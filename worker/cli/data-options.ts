/** What commands about data sets have in common; the options themselves are proto/cli-options.ts's. */
export interface DataOptions {
  dataDir?: string;
  json?: true;
}
