/** @file A generator of others made ready: its pictures as float32 or bytes [N, C, H, W], and what their numbers mean. */
import { InputError } from '../../onnx/errors.js';
import { OPSET, type Graph, type Model, type Node, type ValueType } from '../../onnx/graph/graph.js';
import { int64Tensor } from '../../onnx/graph/tensor.js';
import { Types } from '../../onnx/shapes/types.js';
import type { Assumption } from '../graphs/assumption.js';
import type { Normalization } from '../pictures/pictures.js';
import type { OutputRange } from '../pictures/pixels.js';
import { isChannelsLast, normalizationOfRange, shownRange } from './output-range.js';

/** What a user states of a generator's pictures. */
export interface PictureRangeOptions {
  /** The numbers of black and white. */
  range?: readonly [number, number];
}

/** A generator whose pictures are its only output. */
export interface ReadGenerator {
  model: Model;
  output: string;
  /** Where the file has the channels. */
  layout: 'NCHW' | 'NHWC';
  /** In which order it has them, and why. */
  order: { taken: 'RGB' | 'BGR'; because: string };
}

const NAME = 'ganscope/pictures';

/**
 * The model with its picture output as the only one: the first with the sizes of pictures, as the file states or its nodes
 * tell; float32 where it was float16 or float64, channels first where they stand last.
 * @param dims sizes of each output, where a run has told them
 */
export function readGenerator(model: Model, dims: ReadonlyMap<string, readonly unknown[]> = new Map()): ReadGenerator {
  const { graph } = model;
  const types = Types.of(graph);
  const shapeOf = (name: string) =>
    dims.get(name) ?? types.shape(name) ?? graph.outputs.find((each) => each.name === name)?.value?.shape;
  const isPicture = (shape: readonly unknown[] | undefined) =>
    shape?.length === 4 && (shape[1] === 1 || shape[1] === 3 || isChannelsLast(shape));
  const found = graph.outputs.find(({ name }) => isPicture(shapeOf(name))) ?? graph.outputs[0];
  if (!found) throw new InputError({ name: 'model', expected: 'a generator with a picture output', got: 'no output' });
  const nodes: Node[] = [];
  const initializers = new Map(graph.initializers);
  let value = found.name;
  const append = (op: string, inputs: string[], attributes: Node['attributes']) => {
    const name = `${NAME}/${op}`;
    nodes.push({ op, domain: '', name, inputs, outputs: [name], attributes });
    value = name;
  };
  const type = types.get(value)?.type ?? found.value?.type;
  if (type === 'float16' || type === 'float64') append('Cast', [value], { to: { kind: 'int', value: 1 } });
  const isLast = isChannelsLast(shapeOf(found.name) ?? []);
  if (isLast) append('Transpose', [value], { perm: { kind: 'ints', value: [0, 3, 1, 2] } });
  const format = model.metadata.get('Image.BitmapPixelFormat');
  const isReversed = format?.startsWith('Bgr') ?? false;
  if (isReversed) {
    initializers.set(`${NAME}/order`, int64Tensor([2, 1, 0]));
    append('Gather', [value, `${NAME}/order`], { axis: { kind: 'int', value: 1 } });
  }
  const stated = found.value && { value: withOpenRows(found.value, graph) };
  const output = { name: value, ...(nodes.length === 0 && stated) };
  const made: Graph = { ...graph, nodes: [...graph.nodes, ...nodes], initializers, outputs: [output] };

  return {
    model: withFloatInputs({ ...model, graph: made }),
    output: found.name,
    layout: isLast ? 'NHWC' : 'NCHW',
    order: {
      taken: isReversed ? 'BGR' : 'RGB',
      because:
        format === undefined
          ? 'by default; Image.BitmapPixelFormat in the metadata changes them'
          : "as the model's metadata say",
    },
  };
}

/**
 * An output's type without the number of rows that it was exported with, where an input leaves them open: a run of other rows
 * is refused otherwise.
 */
function withOpenRows(value: ValueType, { inputs }: Graph): ValueType {
  const [rows] = inputs.find((input) => typeof input.value?.shape?.[0] === 'string')?.value?.shape ?? [];
  return value.shape && rows !== undefined ? { ...value, shape: [rows, ...value.shape.slice(1)] } : value;
}

/** The model with float32 where inputs are float16 or float64. */
export function withFloatInputs(model: Model): Model {
  const { graph } = model;
  const wide: Readonly<Record<string, number>> = { float16: 10, float64: 11 };
  const changed = graph.inputs.filter(({ value }) => value && wide[value.type] !== undefined);
  if (changed.length === 0) return model;
  const renamed = new Map(changed.map(({ name }) => [name, `${NAME}/${name}`]));
  const casts = changed.map(({ name, value }): Node => {
    const cast = renamed.get(name) as string;
    const to = wide[value?.type ?? ''] ?? 1;
    return {
      op: 'Cast',
      domain: '',
      name: cast,
      inputs: [name],
      outputs: [cast],
      attributes: { to: { kind: 'int', value: to } },
    };
  });
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) }));
  const inputs = graph.inputs.map((info) =>
    changed.includes(info) && info.value
      ? { name: info.name, value: { ...info.value, type: 'float32' as const } }
      : info,
  );
  const opsets = new Map(model.opsets);
  if (!opsets.has('')) opsets.set('', OPSET);
  return { ...model, opsets, graph: { ...graph, inputs, nodes: [...casts, ...nodes] } };
}

const nominal: Readonly<Record<string, readonly [number, number]>> = {
  NominalRange_0_255: [0, 255],
  Normalized_0_1: [0, 1],
  Normalized_1_1: [-1, 1],
  NominalRange_16_235: [16, 235],
};

/** What a generator's numbers mean, and why. */
export function rangeOfGenerator(
  model: Model,
  output: string,
  facts: { channels: number; bytes: boolean; ours: OutputRange | undefined },
  { range }: PictureRangeOptions,
): { range: OutputRange; assumption: Assumption } {
  const { channels, bytes, ours } = facts;
  const told = (numbers: readonly [number, number], because: string) => {
    const [black, white] = numbers;
    const isTanh = black === -1 && white === 1;
    const found: OutputRange = isTanh ? 'tanh' : normalizationOfRange(black, white, channels);
    return { range: found, assumption: assumed(numbers, because) };
  };
  if (range) {
    const [black, white] = range;
    if (!(Number.isFinite(black) && Number.isFinite(white) && black < white)) {
      const expected = 'two different numbers, of black and of white, which is the larger';
      throw new InputError({ name: 'range', expected, got: range.join() });
    }
    return told(range, 'as stated');
  }
  if (bytes) return told([0, 255], 'as the output is uint8');
  if (ours !== undefined) {
    const numbers = ours === 'tanh' ? ([-1, 1] as const) : ends(ours);
    return { range: ours, assumption: assumed(numbers, "as the model's metadata say") };
  }
  const stated = nominal[model.metadata.get('Image.NominalPixelRange') ?? ''];
  if (stated) return told(stated, "as the model's metadata say");
  const shown = shownRange(model.graph, output);
  if (!shown) return told([-1, 1], 'default');
  const { black, white, node } = shown;
  return told([rounded(black), rounded(white)], `as the graph shows: ${node.op} "${node.name || node.outputs[0]}"`);
}

/** The numbers of black and white in the first channel. */
const ends = ({ mean, std }: Normalization): readonly [number, number] => [
  rounded(-(mean[0] ?? 0) / (std[0] ?? 1)),
  rounded((1 - (mean[0] ?? 0)) / (std[0] ?? 1)),
];

/** Constants of float32 without their noise. */
const rounded = (value: number) => Number(value.toPrecision(6));

function assumed([black, white]: readonly [number, number], because: string): Assumption {
  return { about: 'range', taken: `black is ${black} and white ${white}`, because, options: ['range'] };
}
