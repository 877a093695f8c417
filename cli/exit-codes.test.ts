/** @file The exit codes of every command, as docs/commands.md states them. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startRedis, type TestServer } from '../fleet/redis.test.helper.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { spacePicture } from '../trainer/data/space/space.js';
import { commandNames, ran, scriptOf, type CommandName } from './child.test.helper.js';
import { signalCodes } from './common/exit-codes.js';

const words = (text: string) => text.split(' ');
const network = words('--image-size 16 --ngf 4 --ndf 4 --batch-size 8 --latent-dim 8 --device cpu');
const classifier = words('--data pictures --image-size 16 --width 4 --epochs 1 --batch-size 8 --device cpu');

let folder: string;
let server: TestServer | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ganscope-exit-'));
  if (redisProgram) server = await startRedis();
  for (const name of ['a', 'b']) {
    await mkdir(join(folder, 'pictures', name), { recursive: true });
    for (let seed = 0; seed < 8; seed++) {
      await writeFile(join(folder, 'pictures', name, `${seed}.png`), await encodePng(spacePicture(16, seed, 1)));
    }
  }
  await cp(join(folder, 'pictures'), join(folder, 'torn'), { recursive: true });
  await writeFile(join(folder, 'torn', 'a', 'text.jpg'), 'no picture');
  await writeFile(
    join(folder, 'sweep.yaml'),
    'settings: { steps: 1000000, image-size: 8 }\nvary: { lr: [0.001, 0.01] }\n',
  );
  expect(
    await ran('gan-train', ['--data', 'pictures', '--out', 'run', ...network, '--steps', '2'], folder),
  ).toMatchObject({ code: 0 });
  await cp(join(folder, 'run'), join(folder, 'run-b'), { recursive: true });
  expect(await ran('gan-export', ['--run', 'run'], folder)).toMatchObject({ code: 0 });
  expect(await ran('gan-features', [...classifier, '--out', 'f.onnx'], folder)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Work of each command that takes longer than a test waits, but for that of gan-export and gan-runs. */
const longWork = (out: string): Record<CommandName, string[]> => ({
  'gan-train': ['--data', 'pictures', '--out', `run-${out}`, ...network, '--steps', '1000000'],
  'gan-sample': words('--model run/onnx/generator.onnx --count 1000000 --format png --device cpu --out').concat(
    `fakes-${out}`,
  ),
  'gan-gradcam': words('pictures/a --model run/onnx/discriminator.onnx --method all --device cpu --out').concat(
    `maps-${out}`,
  ),
  'gan-export': words('--run run --fp16 --out').concat(`exported-${out}`),
  'gan-eval': words('run --features f.onnx --samples 1000000 --device cpu'),
  'gan-probe': [
    'generator',
    ...words('--model run/onnx/generator.onnx --box 0,0,4,4 --device cpu --out'),
    `probe-${out}`,
  ],
  'gan-features': [...classifier.map((word) => (word === '1' ? '100000' : word)), '--out', `${out}.onnx`],
  'gan-runs': words('compare ./run ./run-b --out').concat(`${out}.html`),
  'gan-studio': words('--port 0'),
  'gan-sweep': ['sweep.yaml', '--out', `sweep-${out}`],
  'gan-worker': ['--queue', server?.url ?? 'redis://127.0.0.1:1', '--root', '.'],
});

/** Lets a command write a line when it has begun to listen to signals. */
const TELL_LISTENING =
  "--import=data:text/javascript,process.on('newListener',(name)=>name==='SIGHUP'&&process.stderr.write('LISTENING'))";

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  text: string;
}

/** Starts a command and sends a signal when a text appears in its output, and again at each later one. */
function signalled(
  command: CommandName,
  options: readonly string[],
  sent: NodeJS.Signals,
  ...texts: string[]
): Promise<Ended> {
  const child = spawn(process.execPath, [TELL_LISTENING, scriptOf(command), ...options], { cwd: folder });
  const awaited = [...texts];
  let text = '';
  const read = (part: string) => {
    text += part;
    while (awaited[0] !== undefined && text.includes(awaited[0])) {
      awaited.shift();
      child.kill(sent);
    }
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, text })));
}

describe.each(commandNames)('%s', (command) => {
  // A worker has nothing to wait for without a server.
  it.skipIf(command === 'gan-worker' && !redisProgram)(
    'stops at SIGINT, SIGTERM and SIGHUP',
    async () => {
      const stopped = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(async (sent) => {
        const { code, signal, text } = await signalled(command, longWork(sent)[command], sent, 'LISTENING');
        expect([code, signal], text).toEqual([signalCodes[sent], null]);
        expect(text).not.toMatch(/\n\s+at /);
      });
      await Promise.all(stopped);
    },
    60_000,
  );

  it('ends with 2 for an unknown option', async () => {
    const stderr = `${command}: Unknown argument: colour\n`;
    expect(await ran(command, ['--colour', '1'], folder)).toEqual({ code: 2, stdout: '', stderr });
  }, 30_000);

  it('ends with 2 and one line where standard output is full', async () => {
    const child = spawn(process.execPath, [scriptOf(command), '--completion', 'bash'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, text]).toEqual([2, `${command}: standard output: cannot be written (ENOSPC)\n`]);
  });
});

describe('files that were skipped', () => {
  const reason = /^Warning: skipped 1 file:\nWarning: {3}.*text\.jpg: .*\n$/;
  it.each<[CommandName, string[]]>([
    ['gan-train', ['--data', 'torn', '--out', 'torn-run', ...network, '--steps', '1']],
    [
      'gan-gradcam',
      words('torn/a/0.png torn/a/text.jpg --model run/onnx/discriminator.onnx --out torn-maps --device cpu'),
    ],
    ['gan-eval', words('run --data torn --features f.onnx --samples 16 --device cpu')],
    ['gan-features', ['--data', 'torn', ...classifier.slice(2), '--out', 'torn.onnx']],
  ])(
    '%s names them and ends with 3',
    async (command, options) => {
      const { code, stderr } = await ran(command, options, folder);
      expect(stderr).toMatch(reason);
      expect(code).toBe(3);
    },
    60_000,
  );
});

describe('gan-train', () => {
  it('saves at SIGTERM and goes on from there; a second signal ends it at once', async () => {
    const first = await signalled(
      'gan-train',
      ['--data', 'pictures', '--out', 'saved', ...network, '--steps', '1000000'],
      'SIGTERM',
      'Loss_D',
    );
    expect([first.code, first.signal]).toEqual([143, null]);
    const [, done] = /Stopped after (\d+) of 1000000 steps/.exec(first.text) ?? [];
    const rows = (await readFile(join(folder, 'saved', 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(rows).toHaveLength(Number(done));
    const again = await ran(
      'gan-train',
      ['--resume', 'saved', '--steps', `${Number(done) + 1}`, '--device', 'cpu'],
      folder,
    );
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining(`Resuming saved after step ${done}:`)]);
    // Steps that are long enough for the second to come within the first's.
    const slow = words('--image-size 32 --ngf 32 --ndf 32 --batch-size 32 --steps 99 --device cpu --out twice');
    const twice = await signalled('gan-train', slow, 'SIGTERM', 'Loss_D', 'Stopping');
    expect([twice.code, twice.signal]).toEqual([null, 'SIGTERM']);
  }, 60_000);
});
