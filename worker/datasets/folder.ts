import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The folder that holds this user's data sets, one folder each: what the option says, else VERNIER_DATA_DIR, else
 * vernier/data in the user's cache folder (XDG Base Directory Specification: $XDG_CACHE_HOME when it is absolute, else
 * ~/.cache). Empty values count as absent. It need not exist.
 */
export function dataFolder(env: NodeJS.ProcessEnv, option?: string): string {
  const named = option || env['VERNIER_DATA_DIR'];
  if (named) return resolve(named);
  const cache = env['XDG_CACHE_HOME'];
  const home = env['HOME'] || homedir();
  return join(cache && isAbsolute(cache) ? cache : join(home, '.cache'), 'vernier', 'data');
}
