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

/** A position of an output, the position of the input under an element of its window, and that element. */
interface Tap {
  out: number;
  in: number;
  element: number;
}

/** The taps of all windows that lie inside the input, in order of outputs; `padded` counts those inside its padding too. */
function tapsOf(sizes: readonly number[], outputs: readonly number[], window: Window) {
  const [own, theirs, kernel] = [stridesOf(sizes), stridesOf(outputs), stridesOf(window.kernel)];
  const taps: Tap[] = [];
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
      if (inside) taps.push({ out, in: position, element });
      if (inPadding) padded[out] = (padded[out] as number) + 1;
    }
  }
  return { taps, padded };
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

const conv: Kernel = (node, [x, w, bias]) => {
  const [input, weights] = [x as NdArray, w as NdArray];
  const [sizes, kernel] = [input.dims.slice(2), weights.dims.slice(2)];
  const outputs = windowOutputSizes(node, sizes, kernel) as number[];
  const { taps } = tapsOf(sizes, outputs, windowOf(node, sizes, kernel));
  const [batch, channels, filters] = [input.dims[0], input.dims[1], weights.dims[0]] as [number, number, number];
  const result = array([batch, filters, ...outputs]);
  const [from, into, elements] = [elementCount(sizes), elementCount(outputs), elementCount(kernel)];
  eachPair([batch, channels, filters, numberAttribute(node, 'group', 1)], (k, c, pair) => {
    for (const tap of taps) {
      const at = k * into + tap.out;
      const product =
        (input.data[c * from + tap.in] as number) * (weights.data[pair * elements + tap.element] as number);
      result.data[at] = (result.data[at] as number) + product;
    }
  });
  addBias(result, bias);
  return [result];
};

const convTranspose: Kernel = (node, [x, w, bias]) => {
  const [input, weights] = [x as NdArray, w as NdArray];
  const [outputs, kernel] = [input.dims.slice(2), weights.dims.slice(2)];
  const sizes = transposedOutputSizes(node, outputs, kernel) as number[];
  const { taps } = tapsOf(sizes, outputs, transposedWindowOf(node, outputs, kernel));
  const group = numberAttribute(node, 'group', 1);
  const [batch, narrow, wide] = [input.dims[0], input.dims[1], (weights.dims[1] as number) * group] as [
    number,
    number,
    number,
  ];
  const result = array([batch, wide, ...sizes]);
  const [from, into, elements] = [elementCount(outputs), elementCount(sizes), elementCount(kernel)];
  eachPair([batch, wide, narrow, group], (k, c, pair) => {
    for (const tap of taps) {
      const at = c * into + tap.in;
      const product =
        (input.data[k * from + tap.out] as number) * (weights.data[pair * elements + tap.element] as number);
      result.data[at] = (result.data[at] as number) + product;
    }
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
    for (const tap of taps) {
      const value = input.data[plane * from + tap.in] as number;
      if (value <= (result.data[plane * into + tap.out] as number)) continue;
      result.data[plane * into + tap.out] = value;
      indices.data[plane * into + tap.out] = plane * from + tap.in;
    }
  }
  return [result, { ...indices, whole: true }];
};

const averagePool: Kernel = (node, [x]) => {
  const input = x as NdArray;
  const { taps, padded, result, planes, from, into } = pooled(node, input);
  const inside = new Float64Array(into);
  for (const { out } of taps) inside[out] = (inside[out] as number) + 1;
  const counts = numberAttribute(node, 'count_include_pad', 0) === 1 ? padded : inside;
  for (let plane = 0; plane < planes; plane++) {
    for (const tap of taps) {
      const at = plane * into + tap.out;
      result.data[at] =
        (result.data[at] as number) + (input.data[plane * from + tap.in] as number) / (counts[tap.out] as number);
    }
  }
  return [result];
};

export const windows: Record<string, Kernel> = {
  AveragePool: averagePool,
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
};
