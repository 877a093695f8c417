/** @file `npm run bench:step-memory [BATCH …]`: the peak memory of a process that trains, beside PyTorch's. Linux and macOS. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Random } from '../inference/numeric/random.js';
import { configWith } from '../trainer/settings/presets.js';
import { OnnxStep } from '../trainer/step/onnx/onnx.node.js';
import { discriminatorModel, generatorModel } from '../trainer/step/tfjs/models.js';
import { initialState } from '../trainer/step/tfjs/state.js';
import { machine, markdownTable, pytorch } from './timing.js';

const STEPS = 7;
/** Asks a process of its own for one number. */
const MEASURE = '--measure';
const [flag, ...rest] = process.argv.slice(2);

if (flag === MEASURE) {
  console.log(await peak(Number(rest[0])));
} else {
  const batches = process.argv.slice(2).map(Number);
  const rows = (batches.length > 0 ? batches : [64, 256]).map(row);
  console.log(`${machine()}; 64×64 pictures, 64 channels, peak resident memory after ${STEPS} steps\n`);
  console.log(markdownTable(['batch', 'ganscope, MB', 'PyTorch channels_last, MB', 'ganscope / PyTorch'], rows));
}

function row(batch: number): string[] {
  const script = fileURLToPath(import.meta.url);
  const ours = Number(execFileSync(process.execPath, [script, MEASURE, `${batch}`], { encoding: 'utf8' }));
  const theirs = pytorch<{ peak_mb: number }>('torch_step.py', { 'batch-size': batch, memory: STEPS })?.peak_mb;
  return [`${batch}`, ours.toFixed(0), theirs?.toFixed(0) ?? '–', theirs ? (ours / theirs).toFixed(2) : '–'];
}

/** Peak resident memory of this process after some steps, in MB. */
async function peak(batchSize: number): Promise<number> {
  const config = configWith('cub200', { imageSize: 64, ngf: 64, ndf: 64, batchSize });
  const structure = { initialWeights: false };
  const models = { generator: generatorModel(config, structure), discriminator: discriminatorModel(config, structure) };
  const random = new Random(1);
  const normals = (count: number) => {
    const numbers = new Float32Array(count);
    for (let at = 0; at < count; at++) numbers[at] = random.normal();
    return numbers;
  };
  const real = normals(batchSize * 3 * config.imageSize ** 2).map(Math.tanh);
  const latents = normals(batchSize * config.latentDim);
  const step = await OnnxStep.create(config, models, initialState(config));
  for (let index = 0; index < STEPS; index++) await step.run({ real, latents, generatorLatents: latents });
  await step.dispose();
  return (process.resourceUsage().maxRSS * 1024) / 1e6;
}
