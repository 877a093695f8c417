/** @file One frame of the system: a point's picture, what both networks make of it, the verdict and its map. */
import type { ClassScore, ExplainOptions, MethodName, PaletteName, Target } from 'ganscope/explain';
import { slerp, type Picture } from 'ganscope/inference';
import { sourceArea } from '../../../inference/pictures/resize.js';
import type { Recipe } from './recipe.js';
import { explainedMap, scaledChannels, type ExplainedMap } from './maps.js';
import { foundExplainer, openedGenerator, SHOWN } from './networks.js';

/** What is looked at, and how. */
export interface FrameRequest {
  /** A point of the latent space, a place on a loop through points (0…1), or a picture of the user's. */
  subject: { recipe: Recipe } | { path: readonly Recipe[]; at: number } | { picture: Picture };
  layer: string;
  /** Empty for the network's default. */
  target: string;
  /** None for no map. */
  method?: MethodName;
  palette: PaletteName;
  /** Whether the layers are looked at, and the layer of which all channels are wanted. */
  inside: boolean;
  whole?: string;
}

/** Channels of a layer, each scaled to 0…1. */
export interface Strip {
  name: string;
  value: string;
  /** All channels that the layer has. */
  channels: number;
  width: number;
  height: number;
  /** [count, height, width] */
  data: Float32Array;
  count: number;
}

/** What the page draws. */
export interface Frame {
  picture: Picture;
  latent?: Float32Array;
  generator: Strip[];
  explainer: Strip[];
  /** The largest scores, or the only one. */
  classes: ClassScore[];
  map?: ExplainedMap;
  /** Why there is no map. */
  problem?: string;
  milliseconds: number;
}

/** The target of a choice. */
export function targetOf(choice: string): Target | undefined {
  if (choice === '') return undefined;
  return choice === 'real' || choice === 'fake' ? choice : Number(choice);
}

/** Computes a frame. */
export async function frame(request: FrameRequest): Promise<Frame> {
  const started = performance.now();
  const { subject, inside, whole } = request;
  const made =
    'picture' in subject
      ? { picture: subject.picture, generator: [] }
      : await madePicture(await latentOf(subject), inside, whole);
  const open = foundExplainer();
  const looked = open
    ? await open.explainer.look(made.picture, inside ? open.strip : [], SHOWN, whole)
    : { classes: [], maps: [] };
  const explained = await mapOf(request, made.picture);
  return {
    ...made,
    explainer: looked.maps.map(({ layer, data, channels, height, width }) => ({
      name: layer.name,
      value: layer.value,
      channels: Number(layer.shape[layer.channelAxis ?? 1]) || channels,
      width,
      height,
      count: channels,
      data: scaledChannels(data, channels, height * width),
    })),
    classes: looked.classes,
    ...explained,
    milliseconds: performance.now() - started,
  };
}

async function latentOf(subject: Exclude<FrameRequest['subject'], { picture: Picture }>): Promise<Float32Array> {
  const { latents } = openedGenerator();
  if ('recipe' in subject) return latents.of(subject.recipe);
  const { path, at } = subject;
  const place = at * path.length;
  const [from, to] = [0, 1].map((step) => path[(Math.floor(place) + step) % path.length] as Recipe);
  return slerp(await latents.of(from as Recipe), await latents.of(to as Recipe), place % 1);
}

async function madePicture(latent: Float32Array, inside: boolean, whole?: string) {
  const { generator } = openedGenerator();
  if (!inside || generator.layers.length === 0) {
    const [picture] = await generator.pictures(latent);
    return { picture: picture as Picture, latent, generator: [] };
  }
  const { picture, maps } = await generator.look(latent, whole);
  const strips = maps.map(({ layer, data, count }): Strip => {
    const { name, value, channels, width, height } = layer;
    return { name, value, channels, width, height, count, data: scaledChannels(data, count, height * width) };
  });
  return { picture, latent, generator: strips };
}

async function mapOf({ method, palette, ...request }: FrameRequest, picture: Picture) {
  const open = foundExplainer();
  if (!open || method === undefined) return {};
  try {
    const options = optionsOf(request);
    const { explainer } = open;
    const [explanation] = await explainer.explain([picture], { ...options, methods: [method] });
    const area = sourceArea(picture, explainer.input.picture);
    return explanation ? { map: explainedMap(explanation, picture, palette, area) } : {};
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The layer and the target of a request. */
export function optionsOf({ layer, target }: { layer: string; target: string }): ExplainOptions {
  const targets = targetOf(target);
  return { layers: layer === '' ? 'auto' : layer, ...(targets !== undefined && { targets }) };
}
