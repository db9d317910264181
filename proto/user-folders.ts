import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** XDG Base Directory Specification: the variable that names a folder, and where it lies under the home folder without it. */
const FOLDERS = {
  cache: { variable: 'XDG_CACHE_HOME', byDefault: ['.cache'] },
  data: { variable: 'XDG_DATA_HOME', byDefault: ['.local', 'share'] },
} as const;

/** Vernier's own folder among the user's files of a kind. A variable that is empty or relative counts as absent. */
export function userFolder(env: NodeJS.ProcessEnv, kind: keyof typeof FOLDERS): string {
  const { variable, byDefault } = FOLDERS[kind];
  const named = env[variable];
  const base = named && isAbsolute(named) ? named : join(env['HOME'] || homedir(), ...byDefault);
  return join(base, 'vernier');
}

/** Where searches are kept when no --store is given: they are results, so not in the cache. */
export function defaultStore(env: NodeJS.ProcessEnv): string {
  return join(userFolder(env, 'data'), 'searches.db');
}
