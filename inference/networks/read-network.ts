/** @file Reads third-party networks: finds the picture input and its preprocessing, and fills in the other inputs. */
import { InputError } from '../../onnx/errors.js';
import type { Model, ValueInfo } from '../../onnx/graph/graph.js';
import { toFloat32 } from '../../onnx/passes/to-float32.js';
import type { Assumption } from '../graphs/assumption.js';
import { batchedModel, floatInputModel } from '../graphs/float-input.js';
import { withGivenInputs, type InputNumbers } from '../graphs/further-inputs.js';
import { givenLabel, type LabelOptions } from '../labels/given-label.js';
import { readGanMetadata } from './metadata.js';
import type { Normalization, Picture } from '../pictures/pictures.js';
import {
  describedInput,
  fixedSizeModel,
  networkInputOf,
  preparedPictures,
  type NetworkInput,
  type Preparation,
} from './network-input.js';
import { channelsLast } from '../pictures/layout.js';
import { checkedPositions } from './position-table.js';
import { preparationOfGraph, preparationOfType, statedPreparation } from './preprocessing.js';

/** The value of a further input: numbers, or a picture with the same preprocessing as the explained one. */
export type GivenInput = Picture | InputNumbers;

/** Options for a network's inputs. */
export interface ReadOptions extends LabelOptions {
  /** Preprocessing, if the model does not state it or states it wrongly. */
  preparation?: Preparation;
  /** Preprocessing that is used if nothing else states it, and its reason. */
  defaults?: { preparation: Preparation; because: string };
  /** Values of the other inputs, by name. */
  inputs?: Readonly<Record<string, GivenInput>>;
  /** Name of the picture input, if several are possible; default the first that is not in `inputs`. */
  explainInput?: string;
  /**
   * Whether a graph that itself resizes pictures of any size is left to do so (`NetworkInput.anySize`). Without this, and where a
   * size or a way of resizing is stated, its input gets one size, by default the one it resizes to.
   */
  anySize?: boolean;
}

/** A network that takes float32 pictures in its only input. */
export interface ReadNetwork {
  model: Model;
  input: NetworkInput;
  assumptions: readonly Assumption[];
}

/**
 * Detects the picture input and its preprocessing. Inputs of whole numbers or doubles become float32, a single picture becomes a batch of
 * one, and further inputs become constants.
 * @param model of our dialect, in topological order
 * @throws InputError if no input takes a picture, a further input has no value, or options and model contradict each other
 */
export function readNetwork(model: Model, options: ReadOptions = {}): ReadNetwork {
  const { preparation: stated = {} } = options;
  const label = givenLabel(model, readGanMetadata(model.metadata)?.classes, options, options.inputs ?? {});
  const given = { ...options.inputs, ...(label && { [label.name]: { data: [label.number] } }) };
  const name = pictureInput(model, given, options.explainInput);
  const type = model.graph.inputs.find((each) => each.name === name)?.value?.type;
  const floats = floatInputModel(batchedModel(toFloat32(model), name), name);
  const inGraph = preparationOfGraph(floats, name);
  const defaults = options.defaults && fittingDefaults(options.defaults, floats, name);
  const metadata = statedPreparation(model.metadata);
  if (!stated.normalization) expectAgreement(metadata.normalization, inGraph);
  const typed = preparationOfType(type);
  const preparation = { ...defaults?.preparation, ...typed, ...inGraph.preparation, ...metadata, ...stated };
  const prepared = networkInputOf(floats, preparation, name);
  const fed = withGivenInputs(floats, name, givenNumbers(floats, name, given, preparation));
  const fixed = fixedSizeModel(fed, prepared);
  const { size, resize } = { ...metadata, ...stated };
  const isLeft = options.anySize && !size && !resize && inGraph.preparation.size && hasOpenSizes(floats, prepared);
  const input: NetworkInput = isLeft ? { ...prepared, anySize: true } : prepared;
  const sizeGiven = preparation.size !== undefined;
  checkedPositions(fixed, input, sizeGiven);
  const sources: Sources = [
    [stated, 'as stated'],
    [metadata, "as the model's metadata say"],
    [inGraph.preparation, `as the graph shows: ${inGraph.nodes.join(', ')}`],
    [typed, `as the input is ${type}`],
    ...(defaults ? [[defaults.preparation, defaults.because] as const] : []),
  ];
  const assumptions = assumptionsOf(input, sources, floats.graph.inputs);
  return { model: isLeft ? fed : fixed, input, assumptions: label ? [...assumptions, label.assumption] : assumptions };
}

/** Whether the height and the width are both open. */
function hasOpenSizes({ graph }: Model, { name, layout }: NetworkInput): boolean {
  const shape = graph.inputs.find((input) => input.name === name)?.value?.shape ?? [];
  const sizes = layout === 'NCHW' ? shape.slice(2) : shape.slice(1, 3);
  return sizes.every((size) => typeof size === 'string');
}

/** Defaults without a size where the model fixes one. */
function fittingDefaults(
  { preparation, because }: NonNullable<ReadOptions['defaults']>,
  { graph }: Model,
  name: string,
): NonNullable<ReadOptions['defaults']> {
  const shape = graph.inputs.find((input) => input.name === name)?.value?.shape ?? [];
  const isOpen = shape.slice(1).filter((dim) => typeof dim === 'string').length > 1;
  const { size, ...rest } = preparation;
  return { preparation: { ...rest, ...(size && isOpen && { size }) }, because };
}

/** Whether an input could be a picture: four sizes, or three of which the last are channels. */
function isPicture({ value }: ValueInfo): boolean {
  const shape = value?.shape ?? [];
  const isColour = shape[2] === 1 || shape[2] === 3 || shape[2] === 4 || shape[0] === 1 || shape[0] === 3;
  return value?.type !== 'bool' && value?.type !== 'string' && (shape.length === 4 || (shape.length === 3 && isColour));
}

/** @throws InputError if the picture input is ambiguous, or another input has no value */
function pictureInput(
  { graph }: Model,
  given: Readonly<Record<string, GivenInput>>,
  wanted: string | undefined,
): string {
  const all = graph.inputs.map(describedInput).join('; ') || 'none';
  const unknown = Object.keys(given).find((name) => !graph.inputs.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new InputError({ name: 'input', expected: `an input of the model (${all})`, got: `"${unknown}"` });
  const open = graph.inputs.filter(({ name }) => !(name in given));
  const chosen = wanted === undefined ? open.find(isPicture) : open.find(({ name }) => name === wanted);
  if (!chosen || !isPicture(chosen)) {
    throw new InputError({
      name: wanted === undefined ? 'model' : 'explainInput',
      expected: 'a picture input [batch, channels, height, width] or [batch, height, width, channels]',
      got: wanted === undefined ? all : `"${wanted}" of ${all}`,
    });
  }
  const missing = open.filter((each) => each !== chosen);
  const [first] = missing;
  if (first) {
    throw new InputError({
      name: 'input',
      expected:
        `a value for each input beside the picture "${chosen.name}", such as ${first.name}=FILE or ` +
        `${first.name}=NUMBERS`,
      got: `none for ${missing.map(describedInput).join('; ')}`,
    });
  }
  return chosen.name;
}

/** The values of further inputs as numbers. */
function givenNumbers(
  model: Model,
  picture: string,
  given: Readonly<Record<string, GivenInput>>,
  preparation: Preparation,
): Map<string, InputNumbers> {
  return new Map(
    Object.entries(given)
      .filter(([name]) => name !== picture)
      .map(([name, value]) => [name, 'width' in value ? pictureNumbers(model, name, value, preparation) : value]),
  );
}

function pictureNumbers(model: Model, name: string, picture: Picture, stated: Preparation): InputNumbers {
  const floats = floatInputModel(batchedModel(model, name), name);
  // Another input gets only the parts that do not depend on the number of channels.
  const { normalization: own, channels: _channels, channelOrder: _order, layout: _layout, ...rest } = stated;
  const whole = preparationOfType(model.graph.inputs.find((each) => each.name === name)?.value?.type).normalization;
  const normalization = whole ?? own;
  const plain = { ...preparationOfGraph(floats, name).preparation, ...rest };
  const shape = networkInputOf(floats, plain, name).picture;
  const fits = normalization && [1, shape.channels].includes(normalization.mean.length);
  const input = networkInputOf(floats, fits ? { ...plain, normalization } : plain, name);
  const { channels, height, width } = input.picture;
  const prepared = preparedPictures([picture], input);
  const data = whole ? prepared.map(Math.round) : prepared;
  return input.layout === 'NCHW'
    ? { dims: [channels, height, width], data }
    : { dims: [height, width, channels], data: channelsLast(data, input.picture) };
}

/** @throws InputError if the metadata and the graph's first nodes imply different value ranges */
function expectAgreement(
  metadata: Normalization | undefined,
  { preparation: { normalization: graph }, nodes }: ReturnType<typeof preparationOfGraph>,
): void {
  if (!metadata || !graph) return;
  const [a, b] = [metadata, graph].map(({ mean, std }) => white(mean, std)) as [number, number];
  // White is 255, 1 or a few standard deviations, so different ranges differ clearly.
  if (Math.max(a, b) < 20 === Math.min(a, b) < 20) return;
  throw new InputError({
    name: 'mean',
    expected: 'it together with `std`, as the metadata and the graph disagree',
    got: `white as ${a} by the metadata, and as ${b} by ${nodes.join(', ')}`,
  });
}

const white = (mean: readonly number[], std: readonly number[]) =>
  Number(((1 - (mean[0] ?? 0)) / (std[0] ?? 1)).toPrecision(4));

type Sources = readonly (readonly [Preparation, string])[];

function assumptionsOf(input: NetworkInput, sources: Sources, inputs: readonly ValueInfo[]): Assumption[] {
  const { anySize = false, layout } = input;
  const { channels, height, width, normalization, resize, channelOrder = 'RGB' } = input.picture;
  const because = (key: keyof Preparation, otherwise: string) =>
    sources.find(([preparation]) => preparation[key] !== undefined)?.[1] ?? otherwise;
  const shape = inputs.find(({ name }) => name === input.name)?.value?.shape ?? [];
  const isOpen = shape.slice(1).some((dim) => typeof dim === 'string');
  const fixed = because('size', isOpen ? 'default, as the model leaves it open' : 'as the model fixes it');
  const colours = channels === 1 ? 'grey' : channels === 3 ? channelOrder : `${channels} channels`;
  const { mean, std } = normalization;
  const list = (values: readonly number[]) =>
    values.every((value) => value === values[0]) ? `${rounded(values[0])}` : values.map(rounded).join(',');
  const otherwise = channels === 3 ? "default: ImageNet's" : 'default';
  return [
    {
      about: 'picture',
      taken: `"${input.name}", ${colours}, ${anySize ? 'any size' : `${height}×${width}`}, ${layout}`,
      because: fixed,
      options: isOpen ? ['size', 'channels', 'channelsLast', 'channelOrder'] : ['channelsLast', 'channelOrder'],
    },
    {
      about: 'resizing',
      taken: anySize ? `none before the network, which resizes to ${height}×${width}` : resizeWords[resize],
      because: because('resize', 'default'),
      options: ['resize'],
    },
    {
      about: 'numbers',
      taken: `mean ${list(mean)}, standard deviation ${list(std)}, so white is ${white(mean, std)}`,
      because: because('normalization', otherwise),
      options: ['mean', 'std'],
    },
  ];
}

const rounded = (value: number | undefined) => Number((value ?? Number.NaN).toPrecision(4));

/** What the ways of resizing do. */
export const resizeWords = {
  crop: 'crop (shorter side resized, middle cut out)',
  squash: 'squash (sides resized independently)',
  pad: 'pad (longer side resized, the rest black)',
} as const;
