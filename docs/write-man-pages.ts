/** @file The last step of `npm run build`: writes a man page per command into dist/man, which the package ships. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { manPage } from './man-page.js';

const root = new URL('../../', import.meta.url);
const { bin, version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  bin: Record<string, string>;
  version: string;
};
mkdirSync(new URL('dist/man/', root), { recursive: true });
for (const [command, script] of Object.entries(bin)) {
  const path = fileURLToPath(new URL(script, root));
  const help = execFileSync(process.execPath, [path, '--help'], {
    encoding: 'utf8',
    // Wide enough that no entry is wrapped: the reader of the page wraps it.
    env: { ...process.env, COLUMNS: '400' },
  });
  // The first lines of a script say what the command is for: `@file gan-train: trains …`.
  const [, summary = command] = /@file [\w-]+: (.*?)\.? \*\//.exec(readFileSync(path, 'utf8')) ?? [];
  writeFileSync(new URL(`dist/man/${command}.1`, root), manPage(command, help, summary, version));
}
console.log(`${Object.keys(bin).length} man pages in dist/man`);
