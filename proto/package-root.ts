import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, from the sources and from dist/ alike. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

/**
 * A file that ships beside the code, by its path from the package's root, e.g. `proto/vernier.proto`. Thread files must be
 * the built JavaScript also when the caller runs from the sources: name them `dist/...`.
 */
export function packageFile(path: string): string {
  return join(packageRoot, path);
}
