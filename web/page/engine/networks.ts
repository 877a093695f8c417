/** @file The networks that are open in the worker, and what the page is told of them. */
import { Explainer, methods, type Layer } from 'ganscope/explain';
import { paletteNames } from 'ganscope/explain/choices';
import { Generator, resolveDevice, type Device } from 'ganscope/inference';
import { InputError, loadModel, modelFromBytes, type Model } from 'ganscope/onnx';
import { parsedLabels } from '../../../inference/labels/class-names.js';
import { className } from '../../../inference/labels/meant-class.js';
import { headName, headTargets } from './heads.js';
import { Latents } from './latents.js';
import { watchDevice } from './lost.js';

/** A file of the user. */
export interface DroppedFile {
  name: string;
  bytes: Uint8Array;
}

/** Where a network is read from. */
export type Source = DroppedFile | { name: string; url: string };

/** A file with names of classes. */
export interface Labels {
  name: string;
  text: string;
}

/** Whose maps are shown: the network of the page, or the one it is compared with. */
export type Slot = 'main' | 'other';

/** Channels of each layer in the strips. */
export const SHOWN = 4;
/** Layers in a strip. */
const MOST_LAYERS = 12;

/** An open generator. */
export interface OpenGenerator {
  generator: Generator;
  latents: Latents;
}

/** An open discriminator or classifier, and the layers of its strip. */
export interface OpenExplainer {
  explainer: Explainer;
  strip: Layer[];
}

const open: { generator: OpenGenerator | undefined; explainers: Map<Slot, OpenExplainer>; device: Device } = {
  generator: undefined,
  explainers: new Map(),
  device: 'auto',
};

/** Where networks that are opened from now on run. */
export function useDevice(device: Device): void {
  open.device = device;
}

const devices = new Map<Device, Promise<Device>>();

/** The device that networks run on; it is looked for once. */
export function workingDevice(): Promise<Device> {
  const asked = open.device;
  const device = devices.get(asked) ?? resolveDevice(asked).then((choice) => choice.device);
  devices.set(asked, device);
  return device;
}

/** The open generator. @throws Error if there is none */
export function openedGenerator(): OpenGenerator {
  if (!open.generator) throw new Error('no generator is open');
  return open.generator;
}

/** The open discriminator or classifier, if there is one. */
export const foundExplainer = (slot: Slot = 'main'): OpenExplainer | undefined => open.explainers.get(slot);

/** The open discriminator or classifier. @throws Error if there is none */
export function openedExplainer(slot: Slot = 'main'): OpenExplainer {
  const found = foundExplainer(slot);
  if (!found) throw new Error(slot === 'main' ? 'no network is open' : 'no second network is open');
  return found;
}

/** Whether the input of a network is pictures or latents. */
export function roleOf({ name, bytes }: DroppedFile): 'generator' | 'explainer' {
  const shape = modelFromBytes(bytes, name).graph.inputs[0]?.value?.shape ?? [];
  return shape.length === 4 && shape.slice(2).some((size) => size !== 1) ? 'explainer' : 'generator';
}

/** The classes of a conditional network by name, and the one that is chosen. */
export interface Classes {
  names: readonly string[];
  chosen: number;
}

/** Opens a generator in the place of the one before. @param label the class of a conditional one; the first if it is none */
export async function openGenerator(source: Source, label?: number) {
  const device = await workingDevice();
  // It is kept: the run that it comes from may be deleted.
  const given = await modelOf(source);
  // Layers are shown of networks that can be brought to our dialect; others make pictures all the same.
  const load = (own?: number) => {
    const options = { device, ...(own !== undefined && { label: own }) };
    return Generator.load(given, { ...options, channelsShown: SHOWN }).catch(() => Generator.load(given, options));
  };
  const generator = await load().catch(async (error: unknown) => {
    if (!isOfLabel(error)) throw error;
    const conditional = await load(label ?? 0).catch(() => load(0));
    if (conditional.classes?.count !== undefined) return conditional;
    // Without their number there is nothing to choose from.
    await conditional.dispose();
    throw error;
  });
  const classes = classesOf(generator);
  const before = open.generator;
  open.generator = { generator, latents: new Latents(generator.latentDim, given, classes?.chosen) };
  await before?.generator.dispose();
  const { latentDim, width, height, choice, layers } = generator;
  if (choice.device === 'webgpu') void watchDevice();
  return {
    latentDim,
    width,
    height,
    device: choice.device,
    classes,
    layers: layers.map(({ name, value, channels, height: h, width: w }) => ({
      name,
      value,
      channels,
      height: h,
      width: w,
    })),
  };
}

/** Opens a discriminator or classifier in the place of the one before. @param label the class that a conditional one is asked about */
export async function openExplainer(
  source: Source,
  slot: Slot = 'main',
  labels?: Labels,
  label: number | undefined = undefined,
) {
  let asked: Classes | undefined;
  const explainer = await Explainer.load(await modelOf(source), {
    device: await workingDevice(),
    defaultLabel: (names) => {
      asked = { names, chosen: label !== undefined && label < names.length ? label : 0 };
      return { label: asked.chosen, because: 'as chosen' };
    },
    ...(labels && { labels: parsedLabels(labels.text, labels.name) }),
  });
  const before = foundExplainer(slot);
  const layers = explainer.layers();
  open.explainers.set(slot, { explainer, strip: stripOf(layers) });
  await before?.explainer.dispose();
  const { input, head, choice } = explainer;
  if (choice.device === 'webgpu') void watchDevice();
  return {
    width: input.picture.width,
    height: input.picture.height,
    device: choice.device,
    kind: headName(head),
    isVerdict: head.verdict === true,
    asked,
    classes: head.classes,
    labels: explainer.labels,
    targets: headTargets(head, explainer.labels),
    layers: layers.map(({ name, value, shape }) => ({ name, value, shape: shape.slice(1).join('×') })),
    strip: stripOf(layers).map(({ name, value, shape }) => ({ name, value, shape: shape.slice(1).join('×') })),
    methods: explainer.methods().map((name) => {
      const { title, ...method } = methods[name];
      return { name, title, isCostly: method.kind === 'runs' && method.costly === true };
    }),
    palettes: paletteNames,
  };
}

function classesOf({ classes, label }: Generator): Classes | undefined {
  if (classes?.count === undefined || typeof label !== 'number') return undefined;
  const names = Array.from({ length: classes.count }, (_, number) => className(number, classes.names));
  return { names, chosen: label };
}

/** Whether what is wrong is that a conditional generator was given no class. */
export const isOfLabel = (error: unknown) => error instanceof InputError && error.input?.name === 'label';

/** What the page is told of an open network. */
export type GeneratorInfo = Awaited<ReturnType<typeof openGenerator>>;
export type ExplainerInfo = Awaited<ReturnType<typeof openExplainer>>;

/** Closes the networks of the page, or the one it is compared with. */
export async function closeNetworks(slot: Slot = 'main'): Promise<void> {
  const before = [...(slot === 'main' ? [open.generator?.generator] : []), foundExplainer(slot)?.explainer];
  if (slot === 'main') open.generator = undefined;
  open.explainers.delete(slot);
  await Promise.all(before.map((network) => network?.dispose()));
}

/** Of each convolution its activation where it is listed, and of many layers some, evenly. */
function stripOf(layers: readonly Layer[]): Layer[] {
  const spatial = layers.filter(({ shape, tokens, channelAxis = 1 }) => {
    if (tokens) return true;
    return shape.length === 4 && shape.some((size, axis) => axis > 0 && axis !== channelAxis && size !== 1);
  });
  const activations = spatial.filter(({ op }) => op !== 'Conv');
  const shown = activations.length > 0 ? activations : spatial;
  if (shown.length <= MOST_LAYERS) return shown;
  const last = shown.length - 1;
  return Array.from({ length: MOST_LAYERS }, (_, i) => shown[Math.round((i * last) / (MOST_LAYERS - 1))] as Layer);
}

async function modelOf(source: Source): Promise<Model> {
  return 'url' in source ? loadModel(source.url) : modelFromBytes(source.bytes, source.name);
}
