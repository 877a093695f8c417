/**
 * @file Commands whose file operations fail or that are killed at one of them: one line or no difference, and the same
 * files after the command that continues, or is run again. The places are drawn from a seed that is printed; `GANSCOPE_FAULTS` says how
 * many there are for each command (default 2). `GANSCOPE_SEED` is the seed (default 1), or `random`.
 */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toyGenerator } from '../../inference/networks/generator.test.helper.js';
import { Random } from '../../inference/numeric/random.js';
import { encodePng } from '../../inference/pictures/pictures.node.js';
import { saveModel } from '../../onnx/index.js';
import { idxFile } from '../../trainer/data/data.test.helper.js';
import { ran as ranPlainly, scriptOf, type CommandName } from '../child.test.helper.js';

const INJECT = `--import=${new URL('./inject.test.helper.js', import.meta.url).href}`;
const FIXTURES = fileURLToPath(new URL('../../../fixtures/tiny/', import.meta.url));
const FAULTS = Number(process.env['GANSCOPE_FAULTS'] ?? 2);
const GIVEN = process.env['GANSCOPE_SEED'] ?? '1';
const SEED = GIVEN === 'random' ? Math.floor(1e9 * Math.random()) : Number(GIVEN);
const KINDS = ['kill', 'torn', 'ENOSPC', 'EIO'] as const;

/** Files that every command starts from. */
let start: string;
beforeAll(async () => {
  start = await mkdtemp(join(tmpdir(), 'ganscope-faults-'));
  await saveModel(join(start, 'g.onnx'), toyGenerator({ size: 8, latentDim: 8 }));
  for (const role of ['generator', 'discriminator'])
    await cp(join(FIXTURES, `${role}.onnx`), join(start, `${role}.onnx`));
  await mkdir(join(start, 'digits'));
  const pixels = Array.from({ length: 20 * 64 }, (_, i) => (i * i) % 251);
  await writeFile(join(start, 'digits', 'train-images-idx3-ubyte'), idxFile([20, 8, 8], pixels));
  await mkdir(join(start, 'pictures'));
  for (const name of ['a', 'b', 'c']) {
    const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * name.charCodeAt(0)) % 251);
    await writeFile(
      join(start, 'pictures', `${name}.png`),
      await encodePng({ width: 32, height: 32, channels: 3, data }),
    );
  }
  const options = [...training.split(' '), '--steps', '2', '--out', 'run'];
  expect(await ranPlainly('gan-train', options, start)).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => rm(start, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs a command with a fault, in operations that read too or only in those that change files. */
function ran(folder: string, { command, reads }: Case, options: readonly string[], fault: string): Promise<Ended> {
  const faults = { GANSCOPE_FAULT: fault, GANSCOPE_FAULT_READS: reads ? '1' : '0' };
  const environment = { ...process.env, ...faults, XDG_CACHE_HOME: join(folder, 'cache'), NO_COLOR: '1' };
  const child = spawn(process.execPath, [INJECT, scriptOf(command), ...options], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

/** Files of a sub-folder by name, without times and where the folder is. */
async function contents(root: string, out: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(join(root, out), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || /events\.out|report\.html|\.png$/.test(entry.name)) continue;
    const text = (await readFile(path)).toString('latin1');
    found[path.slice(root.length + 1)] = withoutTimes(text, root);
  }
  return found;
}

function withoutTimes(text: string, root: string): string {
  return text.replaceAll(root, '.').replaceAll(/"(seconds|date|time|milliseconds|started)": ?"?[^,}\n]*/g, '');
}

interface Case {
  command: CommandName;
  options: readonly string[];
  /** What continues the command in a folder. */
  resumed: (folder: string) => Promise<readonly string[]>;
  /** The folder that is compared. */
  out: string;
  /** Nothing is written: operations that read fail, and what is printed as JSON is compared too. */
  reads?: true;
}

const sampling = (...options: string[]): Case => {
  const all = [...options, '--device', 'cpu', '--out', 'out'];
  return { command: 'gan-sample', options: all, resumed: async () => [...all, '--resume'], out: 'out' };
};
const isRun = (folder: string) =>
  stat(join(folder, 'out', 'config.json')).then(
    () => true,
    () => false,
  );
const training =
  '--data digits --image-size 16 --channels 1 --ngf 4 --ndf 4 --batch-size 8 --latent-dim 8 --checkpoint-every 4 --sample-every 5 --device cpu';
const explaining = 'pictures --model discriminator.onnx --device cpu --out out'.split(' ');
const evaluating = 'run --features discriminator.onnx --samples 20 --json --quiet --device cpu'.split(' ');
const cases: Record<string, Case> = {
  'gan-sample --format zip': sampling(...'--model g.onnx --count 150 --format zip --save-latents out.npy'.split(' ')),
  'gan-sample --sort score into a grid': sampling(
    ...'--model generator.onnx --count 200 --sort score --keep 5 --save-latents out/best.npy'.split(' '),
  ),
  'gan-sample --sort score': sampling(
    ...'--model generator.onnx --sort score --keep 20 --count 200 --format npy'.split(' '),
  ),
  'gan-train': {
    command: 'gan-train',
    options: [...training.split(' '), '--steps', '9', '--out', 'out'],
    resumed: async (folder) =>
      (await isRun(folder))
        ? '--resume out --checkpoint-every 4 --sample-every 5 --device cpu'.split(' ')
        : [...training.split(' '), '--steps', '9', '--out', 'out'],
    out: 'out',
  },
  'gan-gradcam': {
    command: 'gan-gradcam',
    options: explaining,
    resumed: async () => [...explaining, '--resume'],
    out: 'out',
  },
  'gan-gradcam --task-size': {
    command: 'gan-gradcam',
    options: [...explaining, '--task-size', '1'],
    resumed: async () => [...explaining, '--task-size', '1', '--resume'],
    out: 'out',
  },
  'gan-eval --out': {
    command: 'gan-eval',
    options: [...evaluating, '--out', 'out'],
    resumed: async () => [...evaluating, '--out', 'out', '--resume'],
    out: 'out',
  },
  'gan-eval': {
    command: 'gan-eval',
    options: evaluating,
    resumed: async () => evaluating,
    out: 'run',
    reads: true,
  },
};

describe(`file operations that fail, seed ${SEED}`, () => {
  it.each(Object.keys(cases))(
    '%s: one line or no difference, and the same files once it is continued',
    async (name) => {
      const tried = cases[name] as Case;
      const { options, resumed, out, reads } = tried;
      const copy = async () => {
        const folder = await mkdtemp(join(tmpdir(), 'ganscope-fault-'));
        await cp(start, folder, { recursive: true, preserveTimestamps: true });
        return folder;
      };
      const whole = await copy();
      const counted = await ran(whole, tried, options, 'count');
      expect(counted).toMatchObject({ code: 0 });
      const operations = Number(/operations: (\d+)/.exec(counted.stderr)?.[1]);
      expect(operations).toBeGreaterThan(10);
      if (reads) expect(counted.stdout).toMatch(/"kid":\d/);
      const expected = await contents(whole, out);
      const random = Random.derived(SEED, name);
      for (let i = 0; i < FAULTS; i++) {
        const fault = `${KINDS[random.integer(KINDS.length)]}:${1 + random.integer(operations)}`;
        const folder = await copy();
        const said = `${name} with ${fault} of ${operations} operations, seed ${SEED}`;
        const ended = await ran(folder, tried, options, fault);
        if (ended.signal === null && ended.code !== 0) {
          expect(ended.stderr.replace(/operations: .*\n/, ''), said).toMatch(/^gan-\w+: [^\n]+\n$/);
        }
        const again = await ran(folder, tried, await resumed(folder), 'count');
        expect(again, said).toMatchObject({ code: 0 });
        expect(await contents(folder, out), said).toEqual(expected);
        if (reads) expect(withoutTimes(again.stdout, folder), said).toBe(withoutTimes(counted.stdout, whole));
        const leftovers = (await readdir(join(folder, out), { recursive: true })).filter((path) =>
          path.endsWith('.tmp'),
        );
        expect(leftovers, said).toEqual([]);
        await rm(folder, { recursive: true });
      }
      await rm(whole, { recursive: true });
    },
    // A long run may take hours.
    60_000 + 60_000 * FAULTS,
  );
});
