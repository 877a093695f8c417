/**
 * @file Checkpoints: `checkpoints/step-0000500/` with both networks as tfjs layers models, Adam's moments and the step.
 * Latents and batches depend on seed and step alone, so nothing more is needed to continue with the same numbers.
 *
 *     state.json                              format, step, config, with `ada` the probability of changes
 *     generator/  discriminator/  model.json  layers and weights: `tf.loadLayersModel` reads it
 *                                 weights.bin all weights, float32, in the order of model.json
 *                                 adam.json   names and shapes of the trained weights, [] before the first step
 *                                 adam.m.bin  adam.v.bin  their moments, float32, in the order of adam.json
 *     discriminator/  spectral.bin            with spectral norm: u and v of each kernel, float32; the kernels themselves
 *                                             are those before normalisation
 *     generator-ema/  model.json weights.bin  the averaged generator, where there is one
 */
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { weightName } from '../../exporter/layers/weights.js';
import { syncFolder, writeSynced } from '../../onnx/files/disk/atomic-file.node.js';
import { forgetTemporary } from '../../onnx/files/disk/temporary.node.js';
import { InputError } from '../../onnx/index.js';
import { elementCount } from '../../onnx/graph/graph.js';
import { readBoundedFile } from '../../onnx/files/files.node.js';
import type { GanConfig } from '../settings/config.js';
import { checkpointFolder, checkpointName, removeOld, setAside, temporaryIn } from './kept-checkpoints.node.js';
import { discriminatorModel, generatorModel, largestKernel } from '../step/tfjs/models.js';
import { checkedConfig } from '../settings/checked-config.js';
import { isAdaState, type AdaState } from '../step/state/ada.js';
import { spectralVectors } from '../step/state/spectral.js';
import type { NetworkState, StateTensor, TrainState } from '../step/state/step.js';
import { makeFolder } from '../../onnx/files/disk/folder.node.js';

/** Version of the format. */
const FORMAT = 1;
/** Folder of the averaged generator. */
const AVERAGE = 'generator-ema';
/** Largest JSON file of a checkpoint. */
const MAX_JSON_BYTES = 16 * 2 ** 20;

const networks = { generator: generatorModel, discriminator: discriminatorModel };
type Network = keyof typeof networks;
const networkNames = Object.keys(networks) as Network[];

/** A tensor's place in a .bin file of float32 numbers: those before it come first. */
interface Entry {
  name: string;
  shape: number[];
}

/** What a configuration decides about a network's files. */
interface Layout {
  /** The layers, as tfjs saves them. */
  topology: object;
  weights: Entry[];
  /** Those of `weights` that Adam has moments for. */
  moments: Entry[];
  /** Vectors of spectral norm. */
  spectral: Entry[];
}

/** Layouts by configuration: to find one, a network is built, which takes seconds where it has 50 million weights. */
const layouts = new WeakMap<GanConfig, Record<Network, Layout>>();

function layoutsOf(config: GanConfig): Record<Network, Layout> {
  const made = layouts.get(config) ?? {
    generator: layoutOf('generator', config),
    discriminator: layoutOf('discriminator', config),
  };
  layouts.set(config, made);
  return made;
}

function layoutOf(network: Network, config: GanConfig): Layout {
  const model = networks[network](config, { initialWeights: false });
  const weights = model.weights.map((weight) => ({ name: weightName(weight), shape: weight.shape as number[] }));
  const trainable = new Set(model.trainableWeights.map(weightName));
  const topology = model.toJSON(null, false) as object;
  const spectral = network === 'discriminator' && config.spectralNorm ? spectralVectors(model) : [];
  model.dispose();
  return { topology, weights, moments: weights.filter(({ name }) => trainable.has(name)), spectral };
}

/**
 * Saves a checkpoint, all of it or nothing, and removes the oldest ones.
 * @param options keep: how many checkpoints the run keeps besides the best one
 * @returns the checkpoint's folder
 */
export async function saveCheckpoint(
  run: string,
  state: TrainState,
  config: GanConfig,
  { keep = 3 }: { keep?: number } = {},
): Promise<string> {
  const folder = checkpointFolder(run);
  const target = join(folder, checkpointName(state.step));
  const temporary = temporaryIn(folder);
  try {
    for (const network of networkNames) {
      await writeNetwork(join(temporary, network), layoutsOf(config)[network], state[network]);
    }
    const { ema } = state.generator;
    if (ema) await writeModel(join(temporary, AVERAGE), layoutsOf(config).generator, ema);
    await writeSynced(
      join(temporary, 'state.json'),
      JSON.stringify({ format: FORMAT, step: state.step, ada: state.ada, config }, null, 2),
    );
    await syncFolder(temporary);
    await setAside(target);
    await rename(temporary, target);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    forgetTemporary(temporary);
  }
  await removeOld(run, target, keep);
  return target;
}

/**
 * Loads a checkpoint.
 * @throws InputError if a file is missing, truncated or does not fit the configuration
 */
export async function loadCheckpoint(folder: string): Promise<{ state: TrainState; config: GanConfig }> {
  const file = join(folder, 'state.json');
  const saved = (await readJson(file)) as { [name in 'format' | 'step' | 'ada' | 'config']?: unknown };
  if (saved.format !== FORMAT) {
    throw new InputError({ name: file, expected: `checkpoint format ${FORMAT}`, got: shown(saved.format) });
  }
  const { step, ada } = saved;
  if (!Number.isSafeInteger(step) || (step as number) < 0) {
    throw new InputError({ name: file, expected: 'a step number', got: shown(step) });
  }
  const config = checkedConfig(saved.config, file);
  if (config.ada && !isAdaState(ada, config))
    throw new InputError({ name: `${file}: ada`, expected: 'the probability of changes, as saved', got: shown(ada) });
  for (const network of networkNames) await expectRoom(join(folder, network, 'weights.bin'), network, config);
  const [generator, discriminator] = [
    await readNetwork(join(folder, 'generator'), layoutsOf(config).generator, step as number),
    await readNetwork(join(folder, 'discriminator'), layoutsOf(config).discriminator, step as number),
  ];
  if (config.ema > 0) generator.ema = await readModel(join(folder, AVERAGE), layoutsOf(config).generator);
  return {
    state: { step: step as number, ...(config.ada && { ada: ada as AdaState }), generator, discriminator },
    config,
  };
}

async function writeNetwork(folder: string, layout: Layout, state: NetworkState): Promise<void> {
  const moments = state.m.size > 0 ? layout.moments : [];
  await writeModel(folder, layout, state.weights);
  await writeSynced(join(folder, 'adam.json'), JSON.stringify(moments));
  await writeTensors(join(folder, 'adam.m.bin'), moments, state.m);
  await writeTensors(join(folder, 'adam.v.bin'), moments, state.v);
  if (state.spectral) await writeTensors(join(folder, 'spectral.bin'), layout.spectral, state.spectral);
  await syncFolder(folder);
}

/** Writes a network as a tfjs layers model. */
async function writeModel(folder: string, layout: Layout, tensors: ReadonlyMap<string, StateTensor>): Promise<void> {
  const { topology: modelTopology, weights } = layout;
  const manifest = { paths: ['weights.bin'], weights: weights.map((entry) => ({ ...entry, dtype: 'float32' })) };
  const model = { format: 'layers-model', generatedBy: 'ganscope', convertedBy: null, modelTopology };
  await makeFolder(folder);
  await writeSynced(join(folder, 'model.json'), JSON.stringify({ ...model, weightsManifest: [manifest] }));
  await writeTensors(join(folder, 'weights.bin'), weights, tensors);
  await syncFolder(folder);
}

async function readNetwork(folder: string, layout: Layout, step: number): Promise<NetworkState> {
  const path = (name: string) => join(folder, name);
  const weights = await readModel(folder, layout);
  const listed = await readJson(path('adam.json'));
  const fresh = step === 0 && Array.isArray(listed) && listed.length === 0;
  if (!fresh) expectEntries(path('adam.json'), layout.moments, listed);
  const moments = fresh ? [] : layout.moments;
  return {
    weights,
    m: await readTensors(path('adam.m.bin'), moments),
    v: await readTensors(path('adam.v.bin'), moments),
    ...(layout.spectral.length > 0 && { spectral: await readTensors(path('spectral.bin'), layout.spectral) }),
  };
}

/** Reads the weights of a tfjs layers model of known layout. */
async function readModel(folder: string, layout: Layout): Promise<Map<string, StateTensor>> {
  const file = join(folder, 'model.json');
  const saved = (await readJson(file)) as { weightsManifest?: { weights?: unknown }[] };
  expectEntries(file, layout.weights, saved.weightsManifest?.[0]?.weights);
  return readTensors(join(folder, 'weights.bin'), layout.weights);
}

/** Refuses a configuration whose largest kernel alone exceeds the file, before a network of its size is built. */
async function expectRoom(file: string, network: Network, config: GanConfig): Promise<void> {
  const { size } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${file}: cannot be read (${error.code ?? error.message})`);
  });
  const least = 4 * largestKernel(network, config);
  if (size < least) throw new InputError({ name: file, expected: `at least ${least} bytes`, got: size });
}

function expectEntries(file: string, expected: readonly Entry[], found: unknown): void {
  const text = (entry: unknown): string => {
    const { name, shape, dtype = 'float32' } = Object(entry) as { name?: unknown; shape?: unknown; dtype?: unknown };
    return entry === undefined ? 'none' : `${shown(name)} ${shown(shape)} ${shown(dtype)}`;
  };
  if (!Array.isArray(found)) throw new InputError({ name: file, expected: 'a list of weights', got: shown(found) });
  for (let index = 0; index < Math.max(expected.length, found.length); index++) {
    const [wanted, got] = [text(expected[index]), text(found[index])];
    if (wanted !== got) {
      throw new InputError({ name: file, expected: `weight ${wanted} of the run's configuration`, got: got });
    }
  }
}

/** A value from a file, short enough for a message. */
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 100);

async function readTensors(file: string, entries: readonly Entry[]): Promise<Map<string, StateTensor>> {
  const size = 4 * entries.reduce((total, { shape }) => total + elementCount(shape), 0);
  const bytes = await readBoundedFile(file, size);
  if (bytes.length !== size) throw new InputError({ name: file, expected: `${size} bytes`, got: bytes.length });
  let offset = 0;
  return new Map(
    entries.map(({ name, shape }) => {
      const data = new Float32Array(elementCount(shape));
      new Uint8Array(data.buffer).set(bytes.subarray(offset, offset + data.byteLength));
      offset += data.byteLength;
      return [name, { shape: [...shape], data }];
    }),
  );
}

async function writeTensors(
  file: string,
  entries: readonly Entry[],
  tensors: ReadonlyMap<string, StateTensor>,
): Promise<void> {
  const parts = entries.map(({ name, shape }) => {
    const data = tensors.get(name)?.data;
    if (data?.length !== elementCount(shape)) throw new Error(`the state lacks ${name} of shape [${shape}]`);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  });
  await writeSynced(file, Buffer.concat(parts));
}

async function readJson(file: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBoundedFile(file, MAX_JSON_BYTES));
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new InputError({ name: file, expected: 'JSON; it cannot be parsed' });
  }
}
