/** @file `npm run bench:losses`: what losses and penalties of gradients add to a training step, and with `--memory` to its peak memory. */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Random } from '../inference/numeric/random.js';
import type { GanConfig } from '../trainer/settings/config.js';
import { configWith } from '../trainer/settings/presets.js';
import { isPenalised, kindsOfSteps } from '../trainer/step/state/schedule.js';
import { stepGraph } from '../trainer/step/onnx/graph/step.js';
import { OnnxStep } from '../trainer/step/onnx/onnx.node.js';
import { discriminatorModel, generatorModel } from '../trainer/step/tfjs/models.js';
import { initialState } from '../trainer/step/tfjs/state.js';
import { flopCount } from './flops.js';
import { machine, markdownTable, median } from './timing.js';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '64' },
    channels: { type: 'string', default: '64' },
    batch: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
    /** No further round begins that would end later, by the time of the first. */
    minutes: { type: 'string', default: '4' },
    memory: { type: 'boolean', default: false },
    /** Asks a process of its own for the peak memory of one row. */
    measure: { type: 'string' },
  },
});
const [size, channels, batchSize, rounds] = [values.size, values.channels, values.batch, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];

/** Steps of one round: so many that every sixteenth is among them. */
const STEPS = 16;

const configs: Record<string, GanConfig> = Object.fromEntries(
  Object.entries({
    'plain (bce)': {},
    'no batch norm in D': { normD: 'none' },
    '`--r1 10`, every 16th step': { r1: 10 },
    '`--r1 10 --r1-every 1`': { r1: 10, r1Every: 1 },
    '`--r1 10 --r2 10 --r1-every 1`': { r1: 10, r2: 10, r1Every: 1 },
    '`--loss wgan-gp`': { loss: 'wgan-gp' },
    '`--loss wgan`': { loss: 'wgan' },
    '`--loss rasgan`': { loss: 'rasgan' },
  } as const satisfies Record<string, Partial<GanConfig>>).map(([title, changes]) => [
    title,
    configWith('cub200', { imageSize: size, ngf: channels, ndf: channels, batchSize, ...changes }),
  ]),
);

if (values.measure === undefined) await compare();
else await peakOf(configs[values.measure] as GanConfig);

async function compare(): Promise<void> {
  const times: Record<string, number[]> = {};
  const beginning = performance.now();
  let done = 0;
  for (; done < rounds; done++) {
    const elapsed = performance.now() - beginning;
    if (done > 0 && elapsed * (1 + 1 / done) > Number(values.minutes) * 60_000) break;
    for (const [title, config] of Object.entries(configs)) {
      const { step, batch } = await started(config);
      await step.run(batch);
      // A step with the penalty and all others, so that both are warm.
      await step.run(batch);
      const before = performance.now();
      for (let index = 0; index < STEPS; index++) await step.run(batch);
      (times[title] ??= []).push((performance.now() - before) / STEPS);
      await step.dispose();
    }
  }
  const plain = median(Object.values(times)[0] ?? []);
  const rows = Object.entries(configs).map(([title, config]) => {
    const time = median(times[title] ?? []);
    const memory = values.memory ? [peak(title)] : [];
    return [title, gigaflops(config).toFixed(1), time.toFixed(1), (time / plain).toFixed(2), ...memory];
  });
  const shape = `${size}×${size} pictures, ${channels} base channels, batch ${batchSize}, dense head`;
  console.log(
    `${machine()}; ${shape}; means of ${STEPS} steps, medians of ${done} ${done === 1 ? 'round' : 'rounds'}, in turns\n`,
  );
  const head = ['step', 'GFLOP', 'ms', 'of the plain step', ...(values.memory ? ['peak memory, MB'] : [])];
  console.log(markdownTable(head, rows));
}

/** Of one step, on average. */
function gigaflops(config: GanConfig): number {
  const { generator, discriminator } = modelsOf(config);
  const counts = new Map(
    kindsOfSteps(config).map((kind) => [kind, flopCount(stepGraph(config, generator, discriminator, kind).graph)]),
  );
  const steps = Array.from({ length: STEPS }, (_, index) => counts.get(isPenalised(config, index + 1)) ?? 0);
  return steps.reduce((sum, count) => sum + count, 0) / STEPS / 1e9;
}

function peak(title: string): string {
  const given = ['size', 'channels', 'batch'].flatMap((name) => [`--${name}`, String(values[name as 'size'])]);
  const script = [fileURLToPath(import.meta.url), '--measure', title, ...given];
  return execFileSync(process.execPath, script, { encoding: 'utf8' }).trim();
}

/** Prints the peak resident memory of this process after some steps, in MB. */
async function peakOf(config: GanConfig): Promise<void> {
  const { step, batch } = await started(config);
  for (let index = 0; index < 7; index++) await step.run(batch);
  await step.dispose();
  console.log(((process.resourceUsage().maxRSS * 1024) / 1e6).toFixed(0));
}

function modelsOf(config: GanConfig) {
  const structure = { initialWeights: false };
  return { generator: generatorModel(config, structure), discriminator: discriminatorModel(config, structure) };
}

async function started(config: GanConfig) {
  const random = new Random(1);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const latents = normals(batchSize * config.latentDim);
  const batch = {
    real: normals(batchSize * 3 * size ** 2).map(Math.tanh),
    latents,
    generatorLatents: latents,
    interpolation: Float32Array.from({ length: batchSize }, () => random.uniform()),
  };
  return { step: await OnnxStep.create(config, modelsOf(config), initialState(config)), batch };
}
