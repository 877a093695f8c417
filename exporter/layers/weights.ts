/** @file Weights of tfjs layers models: stable names, and the layouts that ONNX operators want them in. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { elementCount } from '../../onnx/graph/graph.js';

/** A weight of a tfjs layer. */
export type LayerWeight = LayersModel['weights'][number];

/**
 * The name of a weight that is the same in every process, such as `g_stage1_conv/kernel`: its layer's name and its own.
 * tfjs's `name` is not, where several models live in one process; this one is also what saved models use.
 */
export function weightName(weight: LayerWeight): string {
  return weight.originalName;
}

/**
 * How a tfjs weight lies in ONNX: as it is; `conv`: HWIO → OIHW; `conv-transpose`: [kh, kw, out, in] → [in, out, kh, kw];
 * `depthwise`: [kh, kw, in, multiplier] → [in·multiplier, 1, kh, kw].
 */
export type WeightLayout = 'same' | 'conv' | 'conv-transpose' | 'depthwise';

/** For each axis of the ONNX order, the tfjs axis it is. */
const axisOrder = {
  conv: [3, 2, 0, 1],
  'conv-transpose': [3, 2, 0, 1],
  depthwise: [2, 3, 0, 1],
} satisfies Record<Exclude<WeightLayout, 'same'>, number[]>;

/** The ONNX shape of a weight of tfjs shape `shape`. */
export function onnxDims(shape: readonly number[], layout: WeightLayout): number[] {
  if (layout === 'same') return [...shape];
  const dims = axisOrder[layout].map((axis) => shape[axis] as number);
  return layout === 'depthwise' ? [(dims[0] as number) * (dims[1] as number), 1, ...dims.slice(2)] : dims;
}

/** The weight's elements in ONNX order, and its ONNX shape. @param shape tfjs shape */
export function onnxLayout(
  data: Float32Array,
  shape: readonly number[],
  layout: WeightLayout,
): { data: Float32Array; dims: number[] } {
  const dims = onnxDims(shape, layout);
  if (layout === 'same') return { data, dims };
  const ordered = new Float32Array(data.length);
  transposition(shape, axisOrder[layout], (from, to) => (ordered[to] = data[from] as number));
  return { data: ordered, dims };
}

/** The inverse of `onnxLayout`: elements in tfjs order. @param shape tfjs shape */
export function tfjsLayout(data: Float32Array, shape: readonly number[], layout: WeightLayout): Float32Array {
  if (layout === 'same') return data;
  const ordered = new Float32Array(data.length);
  transposition(shape, axisOrder[layout], (from, to) => (ordered[from] = data[to] as number));
  return ordered;
}

/** Tells of each element its offset in a rank-4 tensor and in the transposed one. */
function transposition(shape: readonly number[], order: readonly number[], visit: (from: number, to: number) => void) {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = order.map((axis) => strides[axis] as number);
  const [d0 = 0, d1 = 0, d2 = 0, d3 = 0] = order.map((axis) => shape[axis] as number);
  let to = 0;
  for (let a = 0; a < d0; a++)
    for (let b = 0; b < d1; b++)
      for (let c = 0; c < d2; c++) for (let d = 0; d < d3; d++) visit(a * s0 + b * s1 + c * s2 + d * s3, to++);
}
