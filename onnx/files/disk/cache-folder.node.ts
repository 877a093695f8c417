/** @file This package's folder in the user's cache. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Its path; by the XDG Base Directory Specification, `XDG_CACHE_HOME` counts where it is absolute. */
export function cacheFolder({ XDG_CACHE_HOME: caches = '' }: NodeJS.ProcessEnv = process.env): string {
  return join(isAbsolute(caches) ? caches : join(homedir(), '.cache'), 'ganscope');
}
