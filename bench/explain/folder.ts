/**
 * @file `npm run bench:folder`: `gan-gradcam` of a folder beside bare runs of the same graph, and beside drawing and writing the
 * same files from maps that are there. Pictures: the first of a folder that is named, or drawn ones.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Explainer, type MethodName } from '../../explain/index.js';
import { explainedGroups } from '../../explain/files/explained-groups.node.js';
import { MapWriter, type ExplainedGroup } from '../../explain/files/map-writer.node.js';
import { Graphs } from '../../explain/network/graphs/graphs.js';
import { TARGET_WEIGHTS } from '../../explain/network/graphs/scored-network.js';
import { Random } from '../../inference/numeric/random.js';
import { sessionIn, startSessionThread } from '../../inference/runtime/runtime.node.js';
import { sessionTensor } from '../../inference/runtime/session.js';
import { modelBytes, type Model } from '../../onnx/index.js';
import { fastGradients } from '../../onnx/passes/fast/fast-gradients.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { resnet50 } from '../resnet50.js';
import { machine, markdownTable, median, milliseconds } from '../timing.js';
import { drawnPictures } from './pictures.js';

const METHODS: readonly MethodName[] = ['gradcam', 'gradcam++'];
const BATCHES = [1, 8] as const;
const CLASSES = 1000;
const SIZE = [3, 224, 224] as const;
/** Pictures per measurement of bare runs, and how often they and the command are timed. */
const BARE = 16;
const ROUNDS = 3;
const [given, count = '200'] = process.argv.slice(2);

const folder = mkdtempSync(join(tmpdir(), 'bench-folder-'));
try {
  const model = resnet50();
  const path = join(folder, 'resnet50.onnx');
  writeFileSync(path, modelBytes(model));
  const pictures = await copiedPictures(join(folder, 'pictures'), Number(count));
  const explainer = await Explainer.load(path, { device: 'cpu' });
  const bare = await bareRates(model, explainer);
  const files = await filesRate(explainer, pictures);
  await explainer.dispose();
  const command = await commandRate(pictures.length);
  const best = Math.max(...Object.values(bare));
  const rows = Object.entries(bare).map(([title, rate]) => [`bare: ${title}`, rate.toFixed(1), '–', '–']);
  const share = (limit: number) => `${((100 * command) / limit).toFixed(0)} %`;
  rows.push(['drawing and writing the files alone', files.toFixed(1), '–', '–']);
  rows.push(['`gan-gradcam FOLDER`', command.toFixed(1), share(best), share(1 / (1 / best + 1 / files))]);
  console.log(
    `\n${machine()}; ResNet-50, ${METHODS.join(' and ')}, ${pictures.length} pictures; medians of ${ROUNDS}\n`,
  );
  console.log(markdownTable(['what', 'pictures/s', 'of the best bare runs', 'of 1/(1/bare + 1/files)'], rows));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Pictures per second of the graph that explains a batch, with one session on all cores and with one session per core. */
async function bareRates(model: Model, explainer: Explainer): Promise<Record<string, number>> {
  const graphs = new Graphs(upgradedModel(model), explainer.head, explainer.input);
  const whole = graphs.whole(explainer.chosenLayers('last-conv').flat(), METHODS, false).model;
  const fast = fastGradients(whole);
  const random = new Random(0);
  const feeds = (batch: number) => ({
    [explainer.input.name]: sessionTensor(
      Float32Array.from({ length: batch * SIZE[0] * SIZE[1] * SIZE[2] }, () => random.normal()),
      [batch, ...SIZE],
    ),
    [TARGET_WEIGHTS]: sessionTensor(new Float32Array(batch * CLASSES), [batch, CLASSES]),
  });
  const rates: Record<string, number> = {};
  for (const [title, sessions, threads] of [
    ['one session on all cores', 1, 0],
    ['a session per core', availableParallelism(), 1],
  ] as const) {
    const runners = await Promise.all(Array.from({ length: sessions }, () => startSessionThread()));
    const opened = await Promise.all(runners.map((runner) => sessionIn(runner, fast, { threads })));
    for (const batch of BATCHES) {
      const feed = feeds(batch);
      const runs = Math.ceil(BARE / batch / sessions);
      const work = () =>
        Promise.all(
          opened.map(async (session) => {
            for (let run = 0; run < runs; run++) await session.run(feed);
          }),
        );
      const ms = median(await milliseconds(work, ROUNDS));
      rates[`${title}, batch ${batch}`] = (1000 * runs * batch * sessions) / ms;
    }
    await Promise.all(runners.map((runner) => runner.end()));
  }
  return rates;
}

/** Pictures per second of drawing, encoding and writing alone. */
async function filesRate(explainer: Explainer, paths: readonly string[]): Promise<number> {
  const groups: ExplainedGroup[] = [];
  const request = {
    explaining: { methods: METHODS, layers: 'last-conv' },
    targets: [],
    signal: undefined,
    needsAny: true,
  };
  for await (const group of explainedGroups(explainer, paths, 0, request)) groups.push(group);
  const journal = { append: () => Promise.resolve(), async *entries() {} };
  const told = { total: paths.length, progress_callback: undefined, onMap: undefined };
  const look = { input: explainer.input, style: {}, figures: {} };
  const work = async () => {
    const out = join(folder, 'files');
    mkdirSync(out);
    const writer = await MapWriter.create(out, look, { journal, figures: 0 }, told);
    for (const group of groups) await writer.write(group);
    await writer.finish(true);
    await writer.settle();
    rmSync(out, { recursive: true });
  };
  return (1000 * paths.length) / median(await milliseconds(work, 1));
}

/** Pictures per second of the command, from the start of its process to its end. */
async function commandRate(pictures: number): Promise<number> {
  const command = fileURLToPath(new URL('../../cli/gan-gradcam.js', import.meta.url));
  const flags = ['--layer', 'last-conv', '--method', METHODS.join(','), '--device', 'cpu', '--quiet'];
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const out = join(folder, `out-${round}`);
    const started = performance.now();
    const all = [command, join(folder, 'pictures'), '--model', join(folder, 'resnet50.onnx'), ...flags, '--out', out];
    execFileSync('node', all, { stdio: 'ignore' });
    times.push(performance.now() - started);
    rmSync(out, { recursive: true });
  }
  return (1000 * pictures) / median(times);
}

/** Pictures in a folder of their own: those of the named one, or drawn ones. */
async function copiedPictures(into: string, most: number): Promise<string[]> {
  if (!given) return drawnPictures(into, most);
  mkdirSync(into);
  const names = readdirSync(given).toSorted().slice(0, most);
  for (const name of names) cpSync(join(given, name), join(into, name));
  return names.map((name) => join(into, name));
}
