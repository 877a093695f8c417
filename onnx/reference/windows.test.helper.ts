/** @file Convolutions and pools of any rank, in float64: loops over the taps of all windows. */
import { intsAttribute, numberAttribute } from '../graph/attributes.js';
import { elementCount, type Node } from '../graph/graph.js';
import {
  transposedOutputSizes,
  transposedWindowOf,
  windowOf,
  windowOutputSizes,
  type Window,
} from '../shapes/windows.js';
import { array, stridesOf, type NdArray } from './array.test.helper.js';
import type { Kernel } from './evaluate.test.helper.js';

/** Positions of outputs, those of the input under elements of their windows, and these elements, one entry per tap. */
interface Taps {
  out: Int32Array;
  in: Int32Array;
  element: Int32Array;
}

/** The taps of all windows that lie inside the input, in order of outputs; `padded` counts those inside its padding too. */
function tapsOf(
  sizes: readonly number[],
  outputs: readonly number[],
  window: Window,
): { taps: Taps; padded: Float64Array } {
  const [own, theirs, kernel] = [stridesOf(sizes), stridesOf(outputs), stridesOf(window.kernel)];
  const found: [number[], number[], number[]] = [[], [], []];
  const padded = new Float64Array(elementCount(outputs));
  for (let out = 0; out < padded.length; out++) {
    for (let element = 0; element < elementCount(window.kernel); element++) {
      let [position, inside, inPadding] = [0, true, true];
      for (let axis = 0; axis < sizes.length; axis++) {
        const along = (strides: readonly number[], dims: readonly number[], at: number) =>
          Math.floor(at / (strides[axis] as number)) % (dims[axis] as number);
        const place =
          along(theirs, outputs, out) * (window.strides[axis] as number) +
          along(kernel, window.kernel, element) * (window.dilations[axis] as number) -
          (window.padsBegin[axis] as number);
        const size = sizes[axis] as number;
        inside &&= place >= 0 && place < size;
        inPadding &&= place < size + (window.padsEnd[axis] as number);
        position += place * (own[axis] as number);
      }
      if (inside) [out, position, element].forEach((value, at) => found[at]?.push(value));
      if (inPadding) padded[out] = (padded[out] as number) + 1;
    }
  }
  const [out, into, element] = found.map((list) => Int32Array.from(list)) as [Int32Array, Int32Array, Int32Array];
  return { taps: { out, in: into, element }, padded };
}

/**
 * Calls back with the numbers of planes that a convolution connects: `narrow` [N, K, outputs], `wide` [N, C, sizes], and
 * kernels [K, C/group, elements].
 */
function eachPair(
  [batch, wide, narrow, group]: readonly [number, number, number, number],
  visit: (narrowPlane: number, widePlane: number, kernel: number) => void,
): void {
  const [wideOfGroup, narrowOfGroup] = [wide / group, narrow / group];
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < narrow; k++) {
      for (let c = 0; c < wideOfGroup; c++) {
        visit(n * narrow + k, n * wide + Math.floor(k / narrowOfGroup) * wideOfGroup + c, k * wideOfGroup + c);
      }
    }
  }
}

function addBias({ dims, data }: NdArray, bias: NdArray | undefined): void {
  const plane = elementCount(dims.slice(2));
  if (bias)
    data.forEach(
      (value, at) => (data[at] = value + (bias.data[Math.floor(at / plane) % (dims[1] as number)] as number)),
    );
}

/** Plane number `index` of `size` elements. */
const part = ({ data }: NdArray, index: number, size: number) => data.subarray(index * size, (index + 1) * size);

/** sums[at] += factors · weights at the places of all taps. A loop of its own, as large networks have 10¹⁰ of them. */
function addProducts(
  sums: Float64Array,
  at: Int32Array,
  factors: Float64Array,
  ofFactor: Int32Array,
  weights: Float64Array,
  ofWeight: Int32Array,
): void {
  for (let tap = 0; tap < at.length; tap++) {
    const place = at[tap] as number;
    const product = (factors[ofFactor[tap] as number] as number) * (weights[ofWeight[tap] as number] as number);
    sums[place] = (sums[place] as number) + product;
  }
}

/** Conv adds up products of the wide planes into the narrow ones, ConvTranspose those of the narrow ones into the wide. */
const convolution =
  (isTransposed: boolean): Kernel =>
  (node, [x, w, bias]) => {
    const [input, weights] = [x as NdArray, w as NdArray];
    const [given, kernel] = [input.dims.slice(2), weights.dims.slice(2)];
    const group = numberAttribute(node, 'group', 1);
    const made = (isTransposed ? transposedOutputSizes : windowOutputSizes)(node, given, kernel) as number[];
    const window = (isTransposed ? transposedWindowOf : windowOf)(node, given, kernel);
    const [sizes, outputs] = isTransposed ? [made, given] : [given, made];
    const { taps } = tapsOf(sizes, outputs, window);
    const batch = input.dims[0] as number;
    const [narrow, wide] = [weights.dims[0] as number, (weights.dims[1] as number) * group];
    const result = array([batch, isTransposed ? wide : narrow, ...made]);
    const [from, into, elements] = [given, made, kernel].map(elementCount) as [number, number, number];
    const [read, written] = isTransposed ? [taps.out, taps.in] : [taps.in, taps.out];
    eachPair([batch, wide, narrow, group], (k, c, pair) => {
      const [source, target] = isTransposed ? [k, c] : [c, k];
      const factors = part(input, source, from);
      addProducts(part(result, target, into), written, factors, read, part(weights, pair, elements), taps.element);
    });
    addBias(result, bias);
    return [result];
  };

/** The planes of a pool's input and output with its taps. */
function pooled(node: Node, x: NdArray) {
  const sizes = x.dims.slice(2);
  const kernel = intsAttribute(node, 'kernel_shape') as readonly number[];
  const outputs = windowOutputSizes(node, sizes, kernel) as number[];
  const result = array([...x.dims.slice(0, 2), ...outputs]);
  const planes = elementCount(x.dims.slice(0, 2));
  return {
    ...tapsOf(sizes, outputs, windowOf(node, sizes, kernel)),
    result,
    planes,
    from: elementCount(sizes),
    into: elementCount(outputs),
  };
}

const maxPool: Kernel = (node, [x]) => {
  const input = x as NdArray;
  const { taps, result, planes, from, into } = pooled(node, input);
  const indices = array(result.dims);
  result.data.fill(Number.NEGATIVE_INFINITY);
  for (let plane = 0; plane < planes; plane++) {
    taps.out.forEach((out, tap) => {
      const position = plane * from + (taps.in[tap] as number);
      const value = input.data[position] as number;
      if (value <= (result.data[plane * into + out] as number)) return;
      result.data[plane * into + out] = value;
      indices.data[plane * into + out] = position;
    });
  }
  return [result, { ...indices, whole: true }];
};

const averagePool: Kernel = (node, [x]) => {
  const input = x as NdArray;
  const { taps, padded, result, planes, from, into } = pooled(node, input);
  const inside = new Float64Array(into);
  for (const out of taps.out) inside[out] = (inside[out] as number) + 1;
  const counts = numberAttribute(node, 'count_include_pad', 0) === 1 ? padded : inside;
  for (let plane = 0; plane < planes; plane++) {
    taps.out.forEach((out, tap) => {
      const share = (input.data[plane * from + (taps.in[tap] as number)] as number) / (counts[out] as number);
      result.data[plane * into + out] = (result.data[plane * into + out] as number) + share;
    });
  }
  return [result];
};

export const windows: Record<string, Kernel> = {
  AveragePool: averagePool,
  Conv: convolution(false),
  ConvTranspose: convolution(true),
  MaxPool: maxPool,
};
