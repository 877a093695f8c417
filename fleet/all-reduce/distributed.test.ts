/** @file Two ranks that torchrun starts train as one process with two devices, also where one of them is killed. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../fixtures/golden.js';
import { loadCheckpoint } from '../../trainer/checkpoint/checkpoint.node.js';
import { newestCheckpoint } from '../../trainer/checkpoint/kept-checkpoints.node.js';

const script = fileURLToPath(new URL('../../cli/gan-train.js', import.meta.url));
const python = process.env['GANSCOPE_PYTHON'] ?? 'python3';
const works = (command: string, ...options: string[]) => {
  try {
    execFileSync(command, options, { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
};
const hasTorch = works(python, '-c', 'import torch.distributed');
if (!hasTorch) console.log(`${python} has no torch: tests of gan-train --distributed are skipped`);

const network = '--image-size 8 --ngf 2 --ndf 2 --latent-dim 4 --sample-every 1000'.split(' ');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-ranks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  text: string;
}

function started(
  command: string,
  options: readonly string[],
  env = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(command, options, { cwd: folder, env: { ...process.env, GANSCOPE_PYTHON: python, ...env } });
  let text = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (part: string) => (text += part));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, text }))) };
}

const training = (out: string, options: readonly string[]) => [
  '--no-python',
  process.execPath,
  script,
  '--distributed',
  '--resume',
  out,
  ...network,
  '--device',
  'cpu',
  ...options,
];
const launched = (out: string, options: readonly string[], restarts = 0) =>
  started(python, [
    '-m',
    'torch.distributed.run',
    '--standalone',
    '--nproc-per-node=2',
    `--max-restarts=${restarts}`,
    ...training(out, options),
  ]);

/** The process of the last rank of a launcher. */
function lastRank({ pid }: ChildProcess): number {
  const ranks = execFileSync('pgrep', ['-P', `${pid}`], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return Number(ranks.at(-1));
}

/** Runs two ranks in two network namespaces; undefined where these cannot be made. */
async function inTwoNamespaces(out: string, options: readonly string[]): Promise<Ended[] | undefined> {
  const id = process.pid % 100_000;
  const ends = [0, 1].map((rank) => ({
    space: `gs${id}-${rank}`,
    device: `gs${id}v${rank}`,
    address: `10.213.9.${rank + 1}`,
  })) as [End, End];
  const [a, b] = ends;
  const ip = (...words: string[]) => execFileSync('ip', words, { stdio: 'ignore' });
  try {
    for (const { space } of ends) ip('netns', 'add', space);
    ip('link', 'add', a.device, 'netns', a.space, 'type', 'veth', 'peer', 'name', b.device, 'netns', b.space);
    for (const { space, device, address } of ends) {
      ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', device);
      for (const name of ['lo', device]) ip('-n', space, 'link', 'set', name, 'up');
    }
  } catch {
    console.log('no network namespaces: both ranks run on loopback');
    for (const { space } of ends) works('ip', 'netns', 'del', space);
    return undefined;
  }
  try {
    const ranks = ends.map(({ space, device, address }, rank) => {
      const meeting = [
        '--nnodes=2',
        '--nproc-per-node=1',
        `--node-rank=${rank}`,
        `--master-addr=${a.address}`,
        '--master-port=29513',
      ];
      const words = [
        'netns',
        'exec',
        space,
        python,
        '-m',
        'torch.distributed.run',
        ...meeting,
        `--local-addr=${address}`,
      ];
      return started('ip', [...words, ...training(out, options)], { GLOO_SOCKET_IFNAME: device }).ended;
    });
    return await Promise.all(ranks);
  } finally {
    for (const { space } of ends) works('ip', 'netns', 'del', space);
  }
}
type End = { space: string; device: string; address: string };

async function weights(out: string): Promise<Map<string, Float32Array>> {
  const { state } = await loadCheckpoint(await newestCheckpoint(join(folder, out)));
  const all = [...state.generator.weights, ...state.discriminator.weights];
  return new Map(all.map(([name, { data }]) => [name, data]));
}
const losses = async (out: string) =>
  (await readFile(join(folder, out, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => {
      const {
        step,
        lossD,
        lossG,
        augmentation = 0,
      } = JSON.parse(line) as Record<'step' | 'lossD' | 'lossG', number> & {
        augmentation?: number;
      };
      return [step, lossD, lossG, augmentation];
    });

async function expectAlike(found: string, expected: string): Promise<void> {
  const [a, b] = [await losses(found), await losses(expected)];
  expect(a.map(([step]) => step)).toEqual(b.map(([step]) => step));
  expect(relativeError(a.flat(), b.flat())).toBeLessThan(1e-5);
  const [mine, theirs] = [await weights(found), await weights(expected)];
  for (const [name, data] of theirs) expect(relativeError(mine.get(name) ?? [], data), name).toBeLessThan(1e-5);
}

const alone = (out: string, options: readonly string[]) =>
  started(process.execPath, [script, '--devices', 'cpu:2', '--out', out, ...network, ...options]).ended;

describe.skipIf(!hasTorch)('gan-train --distributed', () => {
  it('trains in two network namespaces, or on loopback, as one process with two devices', async () => {
    expect(await alone('ten', ['--steps', '10', '--batch-size', '4'])).toMatchObject({ code: 0 });
    const ended = (await inTwoNamespaces('ranks', ['--steps', '10', '--batch-size', '4'])) ?? [
      await launched('ranks', ['--steps', '10', '--batch-size', '4']).ended,
    ];
    for (const { code, text } of ended) expect(code, text).toBe(0);
    await expectAlike('ranks', 'ten');
  }, 240_000);

  it('goes on from the last checkpoint when a rank is killed with -9, and nothing is lost', async () => {
    // Each rank works out the probability of changes by itself.
    const adaptive = '--ada --held-out 0.2 --ada-target 0.01 --ada-images 200 --lr-d 0.01'.split(' ');
    const options = ['--steps', '100', '--checkpoint-every', '10', '--batch-size', '4', ...adaptive];
    expect(await alone('long', options)).toMatchObject({ code: 0 });
    expect(Math.max(...(await losses('long')).map(([, , , probability = 0]) => probability))).toBeGreaterThan(0);
    const { child, ended } = launched('killed', options, 3);
    const checkpoints = () => readdir(join(folder, 'killed', 'checkpoints')).catch(() => [] as string[]);
    while (!(await checkpoints()).some((name) => name.startsWith('step-')) && child.exitCode === null) await sleep(10);
    process.kill(lastRank(child), 'SIGKILL');
    const { code, text } = await ended;
    expect(code, text).toBe(0);
    expect(text).toMatch(/Resuming killed after step \d+/);
    await expectAlike('killed', 'long');
  }, 240_000);

  it('stops all ranks after the step under way when one of them gets SIGTERM, and keeps that step', async () => {
    const { child, ended } = launched('stopped', ['--steps', '1000000', '--batch-size', '4']);
    const rows = () => losses('stopped').catch(() => []);
    while ((await rows()).length < 3 && child.exitCode === null) await sleep(10);
    process.kill(lastRank(child), 'SIGTERM');
    const { code, text } = await ended;
    // torchrun takes the rank's 143 for a failure.
    expect(code, text).toBe(1);
    expect(text).toMatch(/exitcode *: 143/);
    const [, done] = /Stopped after (\d+) of 1000000 steps/.exec(text) ?? [];
    expect((await rows()).at(-1)?.[0], text).toBe(Number(done));
    const { state } = await loadCheckpoint(await newestCheckpoint(join(folder, 'stopped')));
    expect(state.step).toBe(Number(done));
  }, 120_000);

  it('refuses a batch that the ranks cannot divide, with one line', async () => {
    const { code, text } = await launched('odd', ['--batch-size', '7', '--steps', '2']).ended;
    expect(code).not.toBe(0);
    expect(text).toContain(
      'gan-train: --batch-size: expected a multiple of the 2 ranks, which divide each batch; got 7\n',
    );
  }, 120_000);
});

describe('gan-train --distributed without what it needs', () => {
  const rank = { RANK: '0', WORLD_SIZE: '1', MASTER_ADDR: '127.0.0.1', MASTER_PORT: '29517' };
  it.each([
    [{}, [], '--distributed: expected torchrun as the launcher'],
    [
      rank,
      ['--python', '/nowhere/python'],
      '--python: expected a Python with torch (pip install torch); GANSCOPE_PYTHON names one too; got /nowhere/python, which cannot be started (ENOENT)',
    ],
    [rank, ['--python', process.execPath], 'which averages the gradients, has ended (exit code 1)'],
    [{ ...rank, RANK: '5' }, [], 'RANK: expected a whole number of 0…0; got 5'],
  ])(
    'answers %j %j with one line',
    async (env, options, line) => {
      const { code, text } = await started(process.execPath, [script, '--distributed', ...options], env).ended;
      expect([code, text.trim().split('\n').length]).toEqual([2, 1]);
      expect(text).toContain(line);
    },
    30_000,
  );
});
