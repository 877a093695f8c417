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
 * How a tfjs weight lies in ONNX: as it is; `conv`: HWIO → OIHW; `conv-transpose`: [kh, kw, out, in] → [in, out, kh, kw],
 * both for any number of positions; `depthwise`: [kh, kw, in, multiplier] → [in·multiplier, 1, kh, kw].
 */
export type WeightLayout = 'same' | 'conv' | 'conv-transpose' | 'depthwise';

/** For each axis of the ONNX order, the tfjs axis it is. */
function axisOrder(rank: number, layout: Exclude<WeightLayout, 'same'>): number[] {
  const positions = Array.from({ length: rank - 2 }, (_, axis) => axis);
  return layout === 'depthwise' ? [rank - 2, rank - 1, ...positions] : [rank - 1, rank - 2, ...positions];
}

/** The ONNX shape of a weight of tfjs shape `shape`. */
export function onnxDims(shape: readonly number[], layout: WeightLayout): number[] {
  if (layout === 'same') return [...shape];
  const dims = axisOrder(shape.length, layout).map((axis) => shape[axis] as number);
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
  transposition(shape, axisOrder(shape.length, layout), (from, to) => (ordered[to] = data[from] as number));
  return { data: ordered, dims };
}

/** The inverse of `onnxLayout`: elements in tfjs order. @param shape tfjs shape */
export function tfjsLayout(data: Float32Array, shape: readonly number[], layout: WeightLayout): Float32Array {
  if (layout === 'same') return data;
  const ordered = new Float32Array(data.length);
  transposition(shape, axisOrder(shape.length, layout), (from, to) => (ordered[from] = data[to] as number));
  return ordered;
}

/** Tells of each element its offset in a tensor and in the transposed one. */
function transposition(shape: readonly number[], order: readonly number[], visit: (from: number, to: number) => void) {
  const strides = order.map((axis) => elementCount(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis] as number);
  let to = 0;
  walk(0, 0);

  function walk(axis: number, from: number): void {
    const [size = 1, stride = 0] = [sizes[axis], strides[axis]];
    if (axis === sizes.length) return visit(from, to++);
    for (let index = 0; index < size; index++) walk(axis + 1, from + index * stride);
  }
}
