/** @file `npm run bench:inference`: bare runs of a generator in all its forms beside PyTorch, and pictures on disk beside bare runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tensor } from '../inference/runtime/onnxruntime/library.node.js';
import { exportedModel, generatorSignature } from '../exporter/index.js';
import { foldedBatchNorm } from '../onnx/passes/fold-batch-norm.js';
import { toFloat16 } from '../onnx/passes/to-float16.js';
import { uint8Generator } from '../onnx/passes/uint8.js';
import { Generator } from '../inference/networks/generator.js';
import { pictureGrid } from '../inference/pictures/grid.js';
import { shardNumbering, sinks } from '../inference/jobs/files/sinks.node.js';
import { GRID_COMPRESSION } from '../inference/jobs/makers/grid.node.js';
import { runJob } from '../inference/jobs/run-job.node.js';
import { normalLatents, seedsFrom } from '../inference/latent/latents.js';
import { encodePng } from '../inference/pictures/pictures.node.js';
import { sampleJob, type SampleRequest } from '../inference/jobs/sample-job.node.js';
import { sessionIn, startSessionThread } from '../inference/runtime/runtime.node.js';
import { createSession } from '../inference/runtime/session.node.js';
import { sessionTensor } from '../inference/runtime/session.js';
import { modelBytes, type Model } from '../onnx/index.js';
import { writeFileAtomic } from '../onnx/files/files.node.js';
import { generatorModel } from '../trainer/step/tfjs/models.js';
import { configWith } from '../trainer/settings/presets.js';
import { machine, markdownTable, median, milliseconds, pytorch } from './timing.js';

const BATCHES = [1, 8, 64] as const;
const THREADS = [1, availableParallelism()];
/** Pictures per measurement; the median of several is reported. */
const PICTURES = 128;
const ROUNDS = 3;
const config = configWith('cub200', { imageSize: 64, ngf: 64 });
const plain = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

const network = generatorModel(config);
const model = exportedModel(network, generatorSignature(network));
const folded = { ...model, graph: foldedBatchNorm(model.graph) };
const forms: Record<string, Model> = {
  float32: model,
  'batch norms folded': folded,
  'float16, folded': { ...model, graph: toFloat16(folded.graph) },
  'bytes, folded': { ...model, graph: uint8Generator(folded.graph, plain) },
};
const latents = normalLatents(seedsFrom(0, PICTURES), config.latentDim);

console.log(
  `${machine()}; DCGAN generator, 64×64 pictures, 64 base channels; ` +
    `medians of ${ROUNDS} times ${PICTURES} pictures\n`,
);
const bare = await bareRuns();
await endToEnd(bare);

/** Pictures per second of `session.run` alone. Returns the best of the plain network. */
async function bareRuns(): Promise<number> {
  console.log('Pictures per second of bare runs:\n');
  const columns = [
    ...THREADS.flatMap((threads) => BATCHES.map((batch) => `batch ${batch}, ${threads} threads`)),
    ...BATCHES.map((batch) => `batch ${batch}, a session per core`),
  ];
  console.log(`| network | ${columns.join(' | ')} |\n|---|${'---:|'.repeat(columns.length)}`);
  let reference = 0;
  for (const [form, each] of Object.entries(forms)) {
    const cells: number[] = [];
    for (const threads of THREADS) for (const batch of BATCHES) cells.push(await bareRate(each, batch, threads));
    for (const batch of BATCHES) cells.push(await perCoreRate(each, batch));
    if (form === 'float32') reference = Math.max(...cells);
    console.log(`| ${form} | ${cells.map((rate) => rate.toFixed(0)).join(' | ')} |`);
  }
  const torch = pytorch<TorchRates>('torch_generator.py', {
    ngf: 64,
    'image-size': 64,
    steps: 20,
    threads: availableParallelism(),
  });
  for (const kind of ['eager', 'compiled'] as const) {
    const rates = torch?.[kind];
    const cells = BATCHES.map((batch) => rates?.[batch]?.toFixed(0) ?? '–');
    const title = `PyTorch ${torch?.torch ?? '(not installed)'} ${kind}`;
    const none = BATCHES.map(() => '–');
    console.log(`| ${title} | ${[...none, ...cells, ...none].join(' | ')} |`);
  }
  return reference;
}

async function bareRate(form: Model, batch: number, threads: number): Promise<number> {
  const session = await createSession(form, { threads });
  const [input = ''] = session.inputNames;
  const feeds = Array.from({ length: PICTURES / batch }, (_, i) => {
    const part = latents.slice(i * batch * config.latentDim, (i + 1) * batch * config.latentDim);
    return { [input]: new Tensor('float32', part, [batch, config.latentDim]) };
  });
  const rate = await picturesPerSecond(PICTURES, async () => {
    for (const feed of feeds) await session.run(feed);
  });
  await session.release();
  return rate;
}

/** Single-threaded sessions, in parallel threads. */
async function perCoreRate(form: Model, batch: number): Promise<number> {
  const threads = await Promise.all(Array.from({ length: availableParallelism() }, () => startSessionThread()));
  const sessions = await Promise.all(threads.map((thread) => sessionIn(thread, form, { threads: 1 })));
  const part = sessionTensor(latents.slice(0, batch * config.latentDim), [batch, config.latentDim]);
  const each = Math.ceil(PICTURES / batch / sessions.length);
  const rate = await picturesPerSecond(each * batch * sessions.length, () =>
    Promise.all(
      sessions.map(async (session) => {
        for (let run = 0; run < each; run++) await session.run({ [session.inputNames[0] ?? '']: part });
      }),
    ),
  );
  await Promise.all(threads.map((thread) => thread.end()));
  return rate;
}

/** Pictures per second from seeds to files, and their ratio to the best bare runs. */
async function endToEnd(reference: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ganscope-bench-'));
  const path = join(folder, 'generator.onnx');
  await writeFileAtomic(path, modelBytes(model));
  const generator = await Generator.load(path, { device: 'cpu' });
  const count = 4 * PICTURES;
  const pictures = await generator.sample(seedsFrom(0, count));
  const rows = [['best bare `session.run`', reference.toFixed(0), '100 %', '–', '–']];
  const measured = async (title: string, request: SampleRequest, alone: number) => {
    const job = sampleJob({ ...request, count });
    const rate = await picturesPerSecond(count, () => runJob(job, { model: path, generator }));
    const share = (limit: number) => `${((100 * rate) / limit).toFixed(0)} %`;
    // Upper bound for the same cores if they first run the network and then encode.
    const both = 1 / (1 / reference + 1 / alone);
    rows.push([title, rate.toFixed(0), share(reference), alone.toFixed(0), share(both)]);
  };
  const gridAlone = () => encodePng(pictureGrid(pictures, Math.ceil(Math.sqrt(count))), GRID_COMPRESSION);
  await measured('one PNG grid', { out: join(folder, 'grid.png') }, await rateOf(gridAlone));
  for (const format of ['npy', 'png', 'webp', 'zip'] as const) {
    const numbering = shardNumbering(format, count, count);
    const place = { folder: join(folder, `${format}-alone`), numbering, shard: 0, count, size: generator };
    const alone = async () => {
      await rm(place.folder, { recursive: true, force: true });
      await sinks[format](place, async (add) => {
        for (let start = 0; start < count; start += 64) await add(start, pictures.slice(start, start + 64));
      });
    };
    await measured(`--format ${format}`, { format, out: join(folder, format) }, await rateOf(alone));
  }
  console.log(`\nFrom seeds to files, ${count} pictures, against the best bare runs:\n`);
  const encoding = ['encoding and writing alone, pictures/s', 'of 1/(1/network + 1/encoding)'];
  console.log(markdownTable(['output', 'pictures/s', 'of bare runs', ...encoding], rows));
  await generator.dispose();
  await rm(folder, { recursive: true });

  function rateOf(work: () => Promise<unknown>): Promise<number> {
    return picturesPerSecond(count, work);
  }
}

async function picturesPerSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  return (1000 * count) / median(await milliseconds(work, ROUNDS));
}

interface TorchRates {
  torch: string;
  eager: Record<number, number>;
  compiled?: Record<number, number>;
}
