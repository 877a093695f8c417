/** @file The version of the package. */
import { readFileSync } from 'node:fs';

let version: string | undefined;

/** As `package.json` says. */
export function packageVersion(): string {
  if (version === undefined) {
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    ({ version } = JSON.parse(text) as { version: string });
  }
  return version;
}
