/** @file Runs that are killed at any moment go on to what they would have been. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../inference/numeric/random.js';
import { idxFile } from '../trainer/data/data.test.helper.js';
import { ran } from './child.test.helper.js';

const script = fileURLToPath(new URL('./gan-train.js', import.meta.url));
const STEPS = 150; // a multiple of seven and three more
const network = '--data digits --image-size 16 --channels 1 --ngf 4 --ndf 4 --batch-size 8 --latent-dim 8'.split(' ');
const pace = '--checkpoint-every 7 --sample-every 50 --keep 2 --device cpu'.split(' ');
/** A run is begun as a shorter one, and goes on as long as this. */
const short = ['--steps', `${STEPS - 20}`];
const long = ['--steps', `${STEPS}`];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-kill-'));
  await mkdir(join(folder, 'digits'));
  const pixels = Array.from({ length: 20 * 64 }, (_, i) => (i * i) % 251);
  await writeFile(join(folder, 'digits', 'train-images-idx3-ubyte'), idxFile([20, 8, 8], pixels));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs gan-train and kills it some time after its training has begun. @returns whether it was killed before its end */
function killed(options: readonly string[], milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, [script, ...options], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('Training on')) setTimeout(() => child.kill('SIGKILL'), milliseconds);
  });
  return new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal === 'SIGKILL')));
}

/** Runs gan-train until its training has begun, then presses Ctrl-C twice. */
function interruptedTwice(options: readonly string[]): Promise<{ signal: NodeJS.Signals | null; stderr: string }> {
  const child = spawn(process.execPath, [script, ...options], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('Loss_D')) child.kill('SIGINT');
    if (text.includes('Ctrl-C again')) child.kill('SIGINT');
  });
  return new Promise((resolve) => child.on('close', (_code, signal) => resolve({ signal, stderr })));
}

/** Everything of a run that depends on its numbers: metrics without durations, the last checkpoint, sample grids. */
async function outcome(run: string): Promise<Record<string, string>> {
  const path = (...names: string[]) => join(folder, run, ...names);
  const rows = (await readFile(path('metrics.jsonl'), 'utf8')).replaceAll(/,"seconds":[^}]*/g, '');
  const files = [
    'generator/weights.bin',
    'generator/adam.m.bin',
    'discriminator/weights.bin',
    'discriminator/adam.v.bin',
  ];
  const found: Record<string, string> = { rows };
  for (const file of files) {
    found[file] = (await readFile(path('checkpoints', `step-0000${STEPS}`, file))).toString('hex');
  }
  for (const name of await readdir(path('samples')))
    found[name] = (await readFile(path('samples', name))).toString('hex');
  return found;
}

describe('gan-train', () => {
  it('goes on after kill -9 at any moment and to a longer run, with the same numbers bit for bit', async () => {
    const whole = await ran('gan-train', ['--out', 'whole', ...network, ...pace, ...long], folder);
    expect(whole).toMatchObject({ code: 0 });
    const seed = Number(process.env['KILL_SEED'] ?? Math.floor(2 ** 32 * Math.random()));
    console.log(`The moments of the kills are drawn from KILL_SEED=${seed}`);
    const random = new Random(seed);
    const moments = [random.integer(600), random.integer(600)] as const;
    const kills = [
      await killed(['--out', 'killed', ...network, ...pace, ...short], moments[0]),
      await killed(['--resume', 'killed', ...pace, ...long], moments[1]),
    ];
    const last = await ran('gan-train', ['--resume', 'killed', ...pace, ...long], folder);
    expect(last, `KILL_SEED=${seed}: killed after ${moments.join(', ')} ms`).toMatchObject({ code: 0 });
    expect(kills, `KILL_SEED=${seed}: killed after ${moments.join(', ')} ms`).toContain(true);
    expect(await outcome('killed')).toMatchObject(await outcome('whole'));
    const checkpoints = await readdir(join(folder, 'killed', 'checkpoints'));
    expect(checkpoints.toSorted()).toEqual([`step-0000${STEPS - 3}`, `step-0000${STEPS}`]);
  }, 300_000);

  it('ends at the second Ctrl-C, without a crash, in the middle of a step', async () => {
    // Steps that are long enough for the second to come within the first's.
    const slow = ['--image-size', '32', '--ngf', '32', '--ndf', '32', '--batch-size', '32', '--steps', '99'];
    const ended = await interruptedTwice(['--out', 'twice', ...network.slice(0, 2), ...slow, '--device', 'cpu']);
    expect(ended).toEqual({ signal: 'SIGINT', stderr: '' });
  }, 60_000);
});
