/** @file `npm run bench:startup`: start-up times of Node itself, of `--help` of each command, and of one sample from a cold start. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine, markdownTable, median } from './timing.js';

const ROUNDS = 15;
const LIMITS = { help: 150, sample: 700 };

const root = new URL('../../', import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { bin: Record<string, string> };
const folder = mkdtempSync(join(tmpdir(), 'ganscope-startup-'));
// The working folder may have another export, which would be used instead.
const sample = [
  '--count',
  '1',
  '--out',
  join(folder, 'sample.png'),
  '--model',
  fileURLToPath(new URL('fixtures/tiny/generator.onnx', root)),
];

/** Milliseconds from start to exit of Node with these words, the median of several runs. */
function milliseconds(...words: readonly string[]): number {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`node ${words.join(' ')}: exit code ${status}: ${stderr}`);
    // The first run fills the disk cache and the cache of device tests.
    if (round > 0) times.push(performance.now() - started);
  }
  return median(times);
}

const script = (command: string) => fileURLToPath(new URL(bin[command] as string, root));
const row = (title: string, time: number, limit?: number) => [title, time.toFixed(0), String(limit ?? '–')];
const rows = [
  row('`node -e 0`', milliseconds('-e', '0')),
  ...Object.keys(bin).map((name) => row(`\`${name} --help\``, milliseconds(script(name), '--help'), LIMITS.help)),
  ...[[], ['--device', 'cpu']].map((device) => {
    const title = ['gan-sample', '--count', '1', ...device].join(' ');
    return row(`\`${title}\``, milliseconds(script('gan-sample'), ...sample, ...device), LIMITS.sample);
  }),
];
rmSync(folder, { recursive: true });
console.log(`${machine()}; medians of ${ROUNDS} runs\n`);
console.log(markdownTable(['command', 'ms', 'limit'], rows));
