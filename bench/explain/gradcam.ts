/**
 * @file Part of `npm run bench:explain`: methods of explanation, folders and cold commands beside pytorch-grad-cam, with the
 * same network, layers and pictures, in turns. Pictures: those of a folder that is named, or drawn ones. `--rounds 1 --runs 1
 * --pictures 2` is a quick try.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Explainer, type MethodName } from '../../explain/index.js';
import { Random } from '../../inference/numeric/random.js';
import { modelBytes } from '../../onnx/files/write.js';
import { resnet50 } from '../resnet50.js';
import { cores, machine, markdownTable, median } from '../timing.js';
import { drawnPictures } from './pictures.js';

/** Methods that both have and that run the network a few times. */
const FAST: readonly MethodName[] = [
  ...(['gradcam', 'gradcam++', 'hirescam', 'xgradcam', 'layercam', 'gradcam-elementwise'] as const),
  ...(['finercam', 'eigencam', 'eigengradcam', 'random', 'fullgrad'] as const),
];
/** Methods that both have and that run it once for each channel of the layer. */
const PER_CHANNEL: readonly MethodName[] = ['scorecam', 'ablationcam'];
const ALL = [...FAST, ...PER_CHANNEL];
/** Where they are measured: 128 channels instead of the last convolution's 2,048. */
const NARROW = 'layer2.3.conv2';
/** Pictures and masks per run of PyTorch: the default of its Score-CAM. */
const BATCH_SIZE = 16;
const SIZE = 3 * 224 * 224;
/** No command of the peer takes this long; one that hangs does not stop the run. */
const PEER_MS = 600_000;

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    runs: { type: 'string', default: '3' },
    pictures: { type: 'string', default: '64' },
  },
});
const [rounds, runs, count] = [given.rounds, given.runs, given.pictures].map(Number) as [number, number, number];

const folder = mkdtempSync(join(tmpdir(), 'bench-gradcam-'));
const inFolder = (name: string) => join(folder, name);
const script = fileURLToPath(new URL('../../../bench/torch_gradcam.py', import.meta.url));
const command = fileURLToPath(new URL('../../cli/gan-gradcam.js', import.meta.url));
const remove = () => rmSync(folder, { recursive: true, force: true });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    remove();
    // Without exit handlers: a session may be running.
    process.kill(process.pid, signal);
  });
}

const started = performance.now();
function progress(text: string): void {
  console.error(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);
}

let isMissing = false;
/** The peer's output, or undefined where it is not installed or fails. */
function peer(...flags: string[]): string | undefined {
  if (isMissing) return undefined;
  const own = ['--threads', `${cores()}`, '--batch-size', `${BATCH_SIZE}`, '--weights', inFolder('weights.pt')];
  try {
    return execFileSync('python3', [script, ...own, ...flags], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PEER_MS,
    });
  } catch (error) {
    const { stderr, message, code } = error as { stderr?: string; message: string; code?: string };
    const reason = code
      ? message
      : (stderr
          ?.trim()
          .split(/[\r\n]/)
          .at(-1) ?? message);
    isMissing = reason.startsWith('ModuleNotFoundError') || code === 'ENOENT';
    progress(`pytorch-grad-cam: ${reason}`);
    return undefined;
  }
}

/** The peer's times of methods, in ms. */
function peerTimes(layer: 'last' | 'narrow', methods: readonly MethodName[], times: number) {
  const output = peer('--layer', layer, '--runs', `${times}`, '--methods', methods.join(','));
  return output && (JSON.parse(output.trim().split('\n').at(-1) ?? '') as PeerTimes);
}

interface PeerTimes {
  version: string;
  times: Record<string, number[]>;
}

/** Milliseconds of a call, and what it returns. */
async function timed<T>(work: () => T | Promise<T>): Promise<{ ms: number; result: T }> {
  const begun = performance.now();
  const result = await work();
  return { ms: performance.now() - begun, result };
}

/** Times of both sides by the title of a row, in the order in which rows first appear. */
class Rows {
  readonly #rows = new Map<string, { pictures: number; ours: number[]; theirs: number[] }>();

  add(title: string, ours: readonly number[], theirs: readonly number[], pictures = 1): void {
    const row = this.#rows.get(title) ?? { pictures, ours: [], theirs: [] };
    row.ours.push(...ours);
    row.theirs.push(...theirs);
    this.#rows.set(title, row);
  }

  table(): string[][] {
    return [...this.#rows].map(([title, { pictures, ours, theirs }]) => {
      const own = median(ours);
      const other = theirs.length > 0 ? median(theirs) : undefined;
      const rate = (1000 * pictures) / own;
      return [
        title,
        own.toFixed(0),
        rate.toFixed(rate < 1 ? 3 : 1),
        other?.toFixed(0) ?? '–',
        other ? (other / own).toFixed(2) : '–',
      ];
    });
  }
}

const random = new Random(1);
const rows = new Rows();

/** One round of methods in a running process, from a prepared picture to its map. @returns the peer's version */
async function methodRound(explainer: Explainer): Promise<string | undefined> {
  const noise = Float32Array.from({ length: SIZE }, () => random.normal());
  const explained = async (methods: readonly MethodName[], layers: string) => {
    // A new picture, so that caches do not help.
    noise[0] = random.normal();
    return (await timed(() => explainer.explainInput(noise, { methods, targets: 7, layers }))).ms;
  };
  const last = peerTimes('last', FAST, runs);
  progress(`pytorch-grad-cam: ${FAST.length} methods at the last convolution`);
  for (const method of FAST) {
    await explained([method], 'last-conv');
    const times: number[] = [];
    for (let run = 0; run < runs; run++) times.push(await explained([method], 'last-conv'));
    rows.add(`\`${method}\``, times, last ? (last.times[method] ?? []) : []);
  }
  progress(`ganscope: ${FAST.length} methods at the last convolution`);
  const narrow = peerTimes('narrow', ALL, 1);
  progress(`pytorch-grad-cam: all methods at ${NARROW}`);
  for (const method of PER_CHANNEL) {
    rows.add(
      `\`${method}\`, 128 channels (${NARROW})`,
      [await explained([method], NARROW)],
      narrow ? (narrow.times[method] ?? []) : [],
    );
  }
  const each = narrow ? ALL.map((method) => median(narrow.times[method] ?? [])) : [];
  rows.add(
    `these ${ALL.length} methods of one picture (${NARROW})`,
    [await explained(ALL, NARROW)],
    narrow ? [each.reduce((sum, ms) => sum + ms, 0)] : [],
  );
  progress(`ganscope: all methods at ${NARROW}`);
  return last ? last.version : undefined;
}

/** One round of commands, with the start of their processes. */
async function commandRound(pictures: readonly string[], round: number): Promise<void> {
  for (const [title, own, methods] of [
    ['cold command: one picture, Grad-CAM', pictures.slice(0, 1), 'gradcam'],
    [`cold command: ${pictures.length} pictures, two methods`, pictures, 'gradcam,gradcam++'],
  ] as const) {
    const from = inFolder(`pictures-${own.length}`);
    mkdirSync(from, { recursive: true });
    for (const path of own) cpSync(path, join(from, path.split('/').at(-1) ?? ''));
    const flags = ['--model', inFolder('resnet50.onnx'), '--layer', 'last-conv', '--method', methods, '--quiet'];
    const out = inFolder(`ours-${own.length}-${round}`);
    const asked = [command, from, ...flags, '--device', 'cpu', '--out', out];
    const ours = await timed(() => execFileSync('node', asked, { stdio: ['ignore', 'ignore', 'inherit'] }));
    const theirs = await timed(() =>
      peer('--pictures', from, '--methods', methods, '--out', inFolder(`theirs-${own.length}-${round}`)),
    );
    rows.add(title, [ours.ms], theirs.result === undefined ? [] : [theirs.ms], own.length);
    progress(title);
  }
}

try {
  writeFileSync(inFolder('resnet50.onnx'), modelBytes(resnet50()));
  const [named] = positionals;
  const pictures = named
    ? readdirSync(named)
        .toSorted()
        .slice(0, count)
        .map((name) => join(named, name))
    : await drawnPictures(inFolder('drawn'), count);
  // The peer writes its weights, which later runs read.
  peer('--runs', '1', '--methods', 'gradcam');
  progress('prepared');
  for (let round = 0; round < rounds; round++) await commandRound(pictures, round);
  const explainer = await Explainer.load(inFolder('resnet50.onnx'), { device: 'cpu' });
  let version: string | undefined;
  for (let round = 0; round < rounds; round++) version = (await methodRound(explainer)) ?? version;
  await explainer.dispose();
  console.log(
    `\n${machine()}; ResNet-50, 224×224, random weights, last convolution where no layer is named; medians of ${rounds} rounds ` +
      `in turns; peer: ${version ?? 'not installed, skipped'}, batch_size ${BATCH_SIZE}\n`,
  );
  console.log(
    markdownTable(
      ['explanation', 'ganscope, ms', 'pictures/s', 'pytorch-grad-cam, ms', 'peer / ganscope'],
      rows.table(),
    ),
  );
} finally {
  remove();
}
