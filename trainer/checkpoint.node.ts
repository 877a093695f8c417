/**
 * @file Checkpoints: `checkpoints/step-0000500/` with both networks as tfjs layers models, Adam's moments and the step.
 * Latents and batches depend on seed and step alone, so nothing more is needed to go on with the same numbers.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { weightName } from '../exporter/weights.js';
import { elementCount, InputError, readBoundedFile } from '../onnx/index.js';
import type { GanConfig } from './config.js';
import { discriminatorModel, generatorModel } from './models.js';
import { checkedConfig } from './presets.js';
import type { NetworkState, StateTensor, TrainState } from './step/step.js';

/** Version of the format, and how many checkpoints a run keeps. */
const FORMAT = 1;
const KEPT = 3;
/** Largest JSON file of a checkpoint. */
const MAX_JSON_BYTES = 16 * 2 ** 20;

const networks = { generator: generatorModel, discriminator: discriminatorModel };
type Network = keyof typeof networks;

/** A tensor's place in a .bin file of float32 numbers: those before it come first. */
interface Entry {
  name: string;
  shape: number[];
}

/**
 * Saves a checkpoint, all of it or nothing, and removes the oldest ones.
 * @returns the checkpoint's folder
 */
export async function saveCheckpoint(run: string, state: TrainState, config: GanConfig): Promise<string> {
  const folder = join(run, 'checkpoints');
  const target = join(folder, `step-${`${state.step}`.padStart(7, '0')}`);
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  for (const network of Object.keys(networks) as Network[]) {
    const model = networks[network](config);
    const entries = model.weights.map((weight) => ({ name: weightName(weight), shape: weight.shape as number[] }));
    await mkdir(join(temporary, network), { recursive: true });
    await writeSynced(join(temporary, network, 'model.json'), JSON.stringify(modelJson(model, entries)));
    await writeTensors(join(temporary, network, 'weights.bin'), entries, state[network].weights);
    const moments = momentEntries(entries, state[network]);
    await writeSynced(join(temporary, network, 'adam.json'), JSON.stringify(moments));
    await writeTensors(join(temporary, network, 'adam.m.bin'), moments, state[network].m);
    await writeTensors(join(temporary, network, 'adam.v.bin'), moments, state[network].v);
    model.dispose();
  }
  await writeSynced(
    join(temporary, 'state.json'),
    JSON.stringify({ format: FORMAT, step: state.step, config }, null, 2),
  );
  await rm(target, { recursive: true, force: true });
  await rename(temporary, target);
  await removeOld(run);
  return target;
}

/** Loads a checkpoint. @throws InputError if a file is missing, truncated or does not fit the configuration */
export async function loadCheckpoint(folder: string): Promise<{ state: TrainState; config: GanConfig }> {
  const file = join(folder, 'state.json');
  const saved = (await readJson(file)) as { format?: unknown; step?: unknown; config?: unknown };
  if (saved.format !== FORMAT)
    throw new InputError(`${file}: expected checkpoint format ${FORMAT}; got ${String(saved.format)}`);
  if (!Number.isSafeInteger(saved.step) || (saved.step as number) < 0) {
    throw new InputError(`${file}: expected a step number; got ${String(saved.step)}`);
  }
  const config = checkedConfig(saved.config, file);
  const [generator, discriminator] = [
    await readNetwork(folder, 'generator', config),
    await readNetwork(folder, 'discriminator', config),
  ];
  return { state: { step: saved.step as number, generator, discriminator }, config };
}

/** Folders of the run's complete checkpoints, oldest first. */
export async function checkpoints(run: string): Promise<string[]> {
  const names = await readdir(join(run, 'checkpoints')).catch(() => []);
  return names
    .filter((name) => /^step-\d{7,}$/.test(name))
    .toSorted(byStep)
    .map((name) => join(run, 'checkpoints', name));
}

/** The run's newest checkpoint. @throws InputError if it has none */
export async function newestCheckpoint(run: string): Promise<string> {
  const newest = (await checkpoints(run)).at(-1);
  if (newest === undefined) throw new InputError(`${run}: expected a run with a checkpoint; it has none yet`);
  return newest;
}

const byStep = (a: string, b: string) => Number(a.slice(5)) - Number(b.slice(5));

/** Removes all but the last checkpoints, and what an interrupted save left behind. */
async function removeOld(run: string): Promise<void> {
  const old = (await checkpoints(run)).slice(0, -KEPT);
  const names = await readdir(join(run, 'checkpoints'));
  const leftovers = names.filter((name) => name.endsWith('.tmp')).map((name) => join(run, 'checkpoints', name));
  await Promise.all([...old, ...leftovers].map((path) => rm(path, { recursive: true, force: true })));
}

/** The file that `tf.loadLayersModel` reads. */
function modelJson(model: LayersModel, entries: readonly Entry[]) {
  return {
    format: 'layers-model',
    generatedBy: 'ganscope',
    convertedBy: null,
    modelTopology: model.toJSON(null, false) as object,
    weightsManifest: [{ paths: ['weights.bin'], weights: entries.map((entry) => ({ ...entry, dtype: 'float32' })) }],
  };
}

const momentEntries = (entries: readonly Entry[], state: NetworkState) =>
  entries.filter(({ name }) => state.m.has(name));

async function readNetwork(folder: string, network: Network, config: GanConfig): Promise<NetworkState> {
  const model = networks[network](config);
  const entries = model.weights.map((weight) => ({ name: weightName(weight), shape: weight.shape as number[] }));
  const trainable = new Set(model.trainableWeights.map(weightName));
  model.dispose();
  const path = (name: string) => join(folder, network, name);
  const saved = (await readJson(path('model.json'))) as { weightsManifest?: { weights?: Entry[] }[] };
  expectEntries(path('model.json'), entries, saved.weightsManifest?.[0]?.weights);
  const moments = entries.filter(({ name }) => trainable.has(name));
  const started = ((await readJson(path('adam.json'))) as Entry[]).length > 0;
  if (started) expectEntries(path('adam.json'), moments, (await readJson(path('adam.json'))) as Entry[]);
  return {
    weights: await readTensors(path('weights.bin'), entries),
    m: started ? await readTensors(path('adam.m.bin'), moments) : new Map(),
    v: started ? await readTensors(path('adam.v.bin'), moments) : new Map(),
  };
}

function expectEntries(file: string, expected: readonly Entry[], found: unknown): void {
  const text = (entries: unknown) =>
    Array.isArray(entries) ? entries.map((entry: Entry) => `${entry?.name} [${entry?.shape}]`) : [];
  const [wanted, got] = [text(expected), text(found)];
  const at = wanted.findIndex((entry, index) => entry !== got[index]);
  if (at >= 0 || got.length !== wanted.length) {
    const index = Math.max(at, 0);
    throw new InputError(
      `${file}: expected weight ${wanted[index] ?? 'none'} of the run's configuration; got ${got[index] ?? 'none'}`,
    );
  }
}

async function readTensors(file: string, entries: readonly Entry[]): Promise<Map<string, StateTensor>> {
  const size = 4 * entries.reduce((total, { shape }) => total + elementCount(shape), 0);
  const bytes = await readBoundedFile(file, size);
  if (bytes.length !== size) throw new InputError(`${file}: expected ${size} bytes; got ${bytes.length}`);
  let offset = 0;
  return new Map(
    entries.map(({ name, shape }) => {
      const data = new Float32Array(elementCount(shape));
      new Uint8Array(data.buffer).set(bytes.subarray(offset, offset + data.byteLength));
      offset += data.byteLength;
      return [name, { shape, data }];
    }),
  );
}

async function writeTensors(
  file: string,
  entries: readonly Entry[],
  tensors: ReadonlyMap<string, StateTensor>,
): Promise<void> {
  const parts = entries.map(({ name }) => {
    const data = tensors.get(name)?.data;
    if (!data) throw new Error(`the state lacks ${name}`);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  });
  await writeSynced(file, Buffer.concat(parts));
}

async function readJson(file: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBoundedFile(file, MAX_JSON_BYTES));
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new InputError(`${file}: expected JSON; it cannot be parsed`);
  }
}

async function writeSynced(file: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
