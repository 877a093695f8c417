/** @file `npm run bench:startup`: start-up times of the commands: `--help` of each, and one sample from a cold start. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Milliseconds from start to exit of a command, the median of several runs. */
function milliseconds(command: string, options: readonly string[]): number {
  const script = fileURLToPath(new URL(bin[command] as string, root));
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [script, ...options], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${options.join(' ')}: exit code ${status}: ${stderr}`);
    // The first run fills the disk cache and the cache of device tests.
    if (round > 0) times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; medians of ${ROUNDS} runs\n`);
console.log('| command | ms | limit |');
console.log('|---|---:|---:|');
const row = (title: string, time: number, limit: number) => console.log(`| ${title} | ${time.toFixed(0)} | ${limit} |`);
for (const command of Object.keys(bin)) row(`${command} --help`, milliseconds(command, ['--help']), LIMITS.help);
row('gan-sample --count 1', milliseconds('gan-sample', sample), LIMITS.sample);
row('gan-sample --count 1 --device cpu', milliseconds('gan-sample', [...sample, '--device', 'cpu']), LIMITS.sample);
rmSync(folder, { recursive: true });
