import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultStore } from '../../../proto/user-folders.js';
import { dataFolder } from '../../../worker/datasets/folder.js';

describe('dataFolder', () => {
  it.each([
    ['the option first', { VERNIER_DATA_DIR: '/v', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/o', '/o'],
    ['then VERNIER_DATA_DIR', { VERNIER_DATA_DIR: '/v', XDG_CACHE_HOME: '/x', HOME: '/h' }, undefined, '/v'],
    ['then XDG_CACHE_HOME', { XDG_CACHE_HOME: '/x', HOME: '/h' }, undefined, '/x/vernier/data'],
    ['then ~/.cache', { HOME: '/h' }, undefined, '/h/.cache/vernier/data'],
    [
      'a relative XDG_CACHE_HOME is invalid and ignored',
      { XDG_CACHE_HOME: 'x', HOME: '/h' },
      undefined,
      '/h/.cache/vernier/data',
    ],
    [
      'empty values count as absent',
      { VERNIER_DATA_DIR: '', XDG_CACHE_HOME: '', HOME: '/h' },
      '',
      '/h/.cache/vernier/data',
    ],
    ['relative folders are taken from here', { VERNIER_DATA_DIR: 'here' }, undefined, resolve('here')],
    ['without HOME, the account says', {}, undefined, join(homedir(), '.cache/vernier/data')],
  ])('%s', (_case, env, option, expected) => {
    expect(dataFolder(env, option)).toBe(expected);
  });
});

it('searches are results: they lie in the data home, not in the cache', () => {
  expect(defaultStore({ HOME: '/h' })).toBe('/h/.local/share/vernier/searches.db');
  expect(defaultStore({ HOME: '/h', XDG_DATA_HOME: '/d' })).toBe('/d/vernier/searches.db');
  expect(defaultStore({ HOME: '/h', XDG_DATA_HOME: 'd' })).toBe('/h/.local/share/vernier/searches.db');
});
