/**
 * @file Part of `npm run bench:explain`: methods of explanation, folders and cold commands beside pytorch-grad-cam, with the
 * same network, layer and pictures, in one run. Pictures: those of a folder that is named, or drawn ones.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { Explainer, type MethodName } from '../explain/index.js';
import { Random } from '../inference/numeric/random.js';
import { modelBytes } from '../onnx/files/write.js';
import { resnet50 } from './resnet50.js';
import { cores, machine, markdownTable, median } from './timing.js';

/** The methods that both have. */
const METHODS: readonly MethodName[] = [
  ...([
    'gradcam',
    'gradcam++',
    'hirescam',
    'xgradcam',
    'layercam',
    'gradcam-elementwise',
    'finercam',
    'eigencam',
  ] as const),
  ...(['eigengradcam', 'scorecam', 'ablationcam', 'random', 'fullgrad'] as const),
];
const SLOW: readonly MethodName[] = ['scorecam', 'ablationcam'];
const RUNS = 5;
const COLD_RUNS = 5;
const FOLDER = 64;
/** Pictures and masks per run of PyTorch: the default of its Score-CAM. */
const BATCH_SIZE = 16;
const SIZE = 3 * 224 * 224;

const folder = mkdtempSync(join(tmpdir(), 'bench-gradcam-'));
const inFolder = (name: string) => join(folder, name);
const script = fileURLToPath(new URL('../../bench/torch_gradcam.py', import.meta.url));
const command = fileURLToPath(new URL('../cli/gan-gradcam.js', import.meta.url));

/** The peer's output, or undefined where it is not installed. */
function peer(...flags: string[]): string | undefined {
  const own = ['--threads', `${cores()}`, '--batch-size', `${BATCH_SIZE}`, '--weights', inFolder('weights.pt')];
  try {
    return execFileSync('python3', [script, ...own, ...flags], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}

/** Milliseconds of a call, and what it returns. */
async function timed<T>(work: () => T | Promise<T>): Promise<{ ms: number; result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}

const random = new Random(1);
const row = (title: string, ours: number, theirs: number | undefined, pictures = 1) => [
  title,
  ours.toFixed(0),
  ((1000 * pictures) / ours).toFixed(pictures > 1 || ours < 1000 ? 1 : 3),
  theirs?.toFixed(0) ?? '–',
  theirs ? (theirs / ours).toFixed(2) : '–',
];

/** Rows of methods in a running process, from a prepared picture to its map. */
async function methodRows(): Promise<string[][]> {
  const noise = Float32Array.from({ length: SIZE }, () => random.normal());
  let turn = 0;
  const explainer = await Explainer.load(inFolder('resnet50.onnx'), { device: 'cpu' });
  const explained = async (methods: readonly MethodName[]) => {
    noise[0] = ++turn / 1000;
    return (await timed(() => explainer.explainInput(noise, { methods, targets: 7, layers: 'last-conv' }))).ms;
  };
  const ours = new Map<MethodName, number>();
  for (const method of METHODS) {
    if (SLOW.includes(method)) {
      ours.set(method, await explained([method]));
      continue;
    }
    await explained([method]);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) times.push(await explained([method]));
    ours.set(method, median(times));
  }
  const all = await explained(METHODS);
  await explainer.dispose();
  const output = peer('--runs', `${RUNS}`, '--methods', METHODS.join(','));
  const theirs = output && (JSON.parse(output.trim().split('\n').at(-1) ?? '') as { times: Record<string, number[]> });
  const of = (method: MethodName) => (theirs ? median(theirs.times[method] ?? []) : undefined);
  const total = theirs ? METHODS.reduce((sum, method) => sum + (of(method) ?? 0), 0) : undefined;
  return [
    ...METHODS.map((method) => row(`\`${method}\``, ours.get(method) ?? Number.NaN, of(method))),
    row(`these ${METHODS.length} methods of one picture`, all, total),
  ];
}

/** Rows of commands, with the start of their processes. */
async function commandRows(pictures: readonly string[]): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [title, count, methods, runs] of [
    ['cold command: one picture, Grad-CAM', 1, 'gradcam', COLD_RUNS],
    [`cold command: ${pictures.length} pictures, two methods`, pictures.length, 'gradcam,gradcam++', 1],
  ] as const) {
    const own = inFolder(`pictures-${count}`);
    mkdirSync(own);
    for (const path of pictures.slice(0, count)) cpSync(path, join(own, path.split('/').at(-1) ?? ''));
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      const flags = ['--model', inFolder('resnet50.onnx'), '--layer', 'last-conv', '--method', methods, '--quiet'];
      const out = inFolder(`ours-${count}-${run}`);
      const flagged = [command, own, ...flags, '--device', 'cpu', '--out', out];
      ours.push((await timed(() => execFileSync('node', flagged, { stdio: 'ignore' }))).ms);
      const { ms, result } = await timed(() =>
        peer('--pictures', own, '--methods', methods, '--out', inFolder(`theirs-${count}-${run}`)),
      );
      if (result !== undefined) theirs.push(ms);
    }
    rows.push(row(title, median(ours), theirs.length > 0 ? median(theirs) : undefined, count));
  }
  return rows;
}

/** Smooth colours of random places, as JPEG files. */
async function drawnPictures(count: number): Promise<string[]> {
  mkdirSync(inFolder('drawn'));
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const path = join(inFolder('drawn'), `${index}.jpg`);
    const raw = { width: 20, height: 15, channels: 3 } as const;
    const colours = Buffer.from(Array.from({ length: 900 }, () => 256 * random.uniform()));
    await sharp(colours, { raw }).resize(480, 360).jpeg().toFile(path);
    paths.push(path);
  }
  return paths;
}

try {
  writeFileSync(inFolder('resnet50.onnx'), modelBytes(resnet50()));
  const version = peer('--runs', '1', '--methods', 'gradcam')?.trim().split('\n').at(-1);
  const [given] = process.argv.slice(2);
  const pictures = given
    ? readdirSync(given)
        .toSorted()
        .slice(0, FOLDER)
        .map((name) => join(given, name))
    : await drawnPictures(FOLDER);
  const rows = [...(await commandRows(pictures)), ...(await methodRows())];
  console.log(
    `\n${machine()}; ResNet-50, 224×224, random weights, last convolution; medians; peer: ` +
      `${version ? (JSON.parse(version) as { version: string }).version : 'not installed, skipped'}, batch_size ${BATCH_SIZE}\n`,
  );
  console.log(
    markdownTable(['explanation', 'ganscope, ms', 'pictures/s', 'pytorch-grad-cam, ms', 'peer / ganscope'], rows),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
