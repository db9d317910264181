import { join, resolve } from 'node:path';
import { userFolder } from '../../proto/user-folders.js';

/**
 * The folder that holds this user's data sets, one folder each: what the option says, else VERNIER_DATA_DIR, else
 * vernier/data in the user's cache folder. Empty values count as absent. It need not exist.
 */
export function dataFolder(env: NodeJS.ProcessEnv, option?: string): string {
  const named = option || env['VERNIER_DATA_DIR'];
  return named ? resolve(named) : join(userFolder(env, 'cache'), 'data');
}
