import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from './cache-folder.node.js';

test('cacheFolder(environment) is in the folder that XDG_CACHE_HOME names, unless it is empty or relative', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: resolve('own') })).toBe(resolve('own', 'ganscope'));
  for (const caches of [undefined, '', 'own', './own'])
    expect(cacheFolder({ XDG_CACHE_HOME: caches })).toBe(join(homedir(), '.cache', 'ganscope'));
});
