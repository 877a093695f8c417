/** @file A sample of damaged files through the commands: each ends with a result or with one line and exit code 2. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ran, type CommandName } from '../cli/child.test.helper.js';
import { encodePng, Random } from '../inference/index.js';
import { oneOf } from './mutate.js';
import type { Finding } from './run.js';
import { fuzzKinds, testPicture } from './table.js';

/** A training of one step. */
const TRAINING = '--image-size 16 --ngf 2 --ndf 2 --latent-dim 4 --batch-size 2 --steps 1 --device cpu'.split(' ');

/** A training of a few steps. */
const LEARNING = '--image-size 16 --width 2 --epochs 1 --batch-size 2 --device cpu'.split(' ');
/** What evaluates a few pictures with a network. */
const EVALUATION = '--samples 8 --subset-size 2 --device cpu'.split(' ');

/** Which commands read a kind of file, and how they are called. */
const commands: readonly (readonly [kind: string, CommandName, (path: string) => string[]])[] = [
  ['explain', 'gan-gradcam', (path) => ['picture.png', '--model', path, '--device', 'cpu']],
  ['model', 'gan-gradcam', (path) => ['--model', path, '--list-layers']],
  ['labels', 'gan-gradcam', (path) => ['picture.png', '--labels', path, '--device', 'cpu']],
  ['generator', 'gan-sample', (path) => ['--model', path, '--count', '2', '--device', 'cpu']],
  ['latents', 'gan-sample', (path) => ['--latents', path, '--device', 'cpu']],
  ['npy', 'gan-sample', (path) => ['--latents', path, '--device', 'cpu']],
  ['checkpoint', 'gan-export', (path) => ['--checkpoint', dirname(path), '--out', 'exported']],
  ['idx', 'gan-train', (path) => ['--data', dirname(path), ...TRAINING, '--out', `${path}-run`]],
  ['parquet', 'gan-train', (path) => ['--data', path, ...TRAINING, '--out', `${path}-run`]],
  ['archive', 'gan-train', (path) => ['--data', path, ...TRAINING, '--out', `${path}-run`]],
  ['archive', 'gan-features', (path) => ['--data', path, ...LEARNING, '--out', `${path}.onnx`]],
  ['archive', 'gan-eval', (path) => ['pictures', path, '--features', 'features.onnx', ...EVALUATION]],
  ['discriminator', 'gan-eval', (path) => ['pictures', 'pictures', '--features', path, ...EVALUATION]],
  ['generator', 'gan-eval', (path) => [path, 'pictures', '--features', 'features.onnx', ...EVALUATION]],
  ['settings', 'gan-train', (path) => ['--config', path, '--data', 'none']],
];

/** Runs commands with `count` damaged files of each kind. */
export async function fuzzCommands({ seed, count }: { seed: number; count: number }): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-fuzz-'));
  const findings: Finding[] = [];
  try {
    await writeFile(join(folder, 'picture.png'), await encodePng(testPicture));
    await cp(
      fileURLToPath(new URL('../../fixtures/tiny/discriminator.onnx', import.meta.url)),
      join(folder, 'features.onnx'),
    );
    await mkdir(join(folder, 'pictures'));
    for (let i = 0; i < 4; i++) {
      const data = testPicture.data.map((value) => value ^ (i << 4));
      await writeFile(join(folder, 'pictures', `${i}.png`), await encodePng({ ...testPicture, data }));
    }
    for (const [name, command, options] of commands) {
      const kind = fuzzKinds[name];
      if (!kind) throw new Error(`there is no kind "${name}"`);
      const own = join(folder, name);
      await mkdir(dirname(join(own, kind.file)), { recursive: true });
      const corpus = await kind.corpus(own);
      for (let number = 0; number < count; number++) {
        const random = Random.derived(seed, `${name} ${number}`);
        const path = join(own, kind.file);
        await writeFile(path, kind.mutate(oneOf(random, corpus), random));
        const { code, stderr } = await ran(command, options(path), folder);
        const lines = stderr.split('\n').filter((line) => line.startsWith(`${command}: `)).length;
        const inOrder = code === 0 || code === 3 || (code === 2 && lines === 1 && !/^\s+at /m.test(stderr));
        if (!inOrder) findings.push({ number, kind: name, problem: `exit code ${code}: ${stderr.slice(0, 2000)}` });
      }
    }
    return findings;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
