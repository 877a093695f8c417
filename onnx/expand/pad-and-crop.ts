/** @file CenterCropPad, and Pad that repeats the picture, as Slice, Concat and Pad. */
import { intsAttribute } from '../graph/attributes.js';
import { positiveAxis } from '../graph/dims.js';
import type { GraphBuilder } from '../build/build.js';
import { inputOf } from '../graph/graph.js';
import { fixedSize, notExpanded, type Expansion } from './expansion.js';

const sliced = (b: GraphBuilder, value: string, axis: number, start: number, end: number) =>
  b.op('Slice', [value, b.ints([start]), b.ints([end]), b.ints([axis])]);

/** The middle of each axis, or zeros around it; what is odd is cut or added at the end. */
export const centerCropPad: Expansion = (node, b) => {
  const shape = b.types.knownShape(inputOf(node), node);
  const wanted = b.types.integers(inputOf(node, 1));
  if (!wanted) throw notExpanded(node, 'a shape that is not constant');
  const axes = (intsAttribute(node, 'axes') ?? [...shape.keys()]).map((axis) => positiveAxis(axis, shape.length));
  const pads = Array.from({ length: 2 * shape.length }, () => 0);
  let value = inputOf(node);
  axes.forEach((axis, index) => {
    const [size, target] = [fixedSize(node, shape[axis], `axis ${axis}`), wanted[index] as number];
    if (target < size) {
      const start = Math.floor((size - target) / 2);
      value = sliced(b, value, axis, start, start + target);
    }
    const before = Math.floor(Math.max(0, target - size) / 2);
    pads[axis] = before;
    pads[axis + shape.length] = Math.max(0, target - size) - before;
  });
  return [pads.some((pad) => pad > 0) ? b.op('Pad', [value, b.ints(pads)]) : b.op('Identity', [value])];
};

/** Before the picture its end, and after it its beginning; negative pads cut first, as in ONNX Runtime. */
export const wrappedPad: Expansion = (node, b) => {
  const shape = b.types.knownShape(inputOf(node), node);
  const pads = b.types.integers(inputOf(node, 1));
  if (!pads) throw notExpanded(node, 'pads that are not constant');
  const stated = inputOf(node, 3) ? b.types.integers(inputOf(node, 3)) : [...shape.keys()];
  if (!stated) throw notExpanded(node, 'axes that are not constant');
  return [
    stated.reduce((value, each, index) => {
      const axis = positiveAxis(each, shape.length);
      const [before, after] = [pads[index] as number, pads[index + stated.length] as number];
      if (before === 0 && after === 0) return value;
      const size = fixedSize(node, shape[axis], `axis ${axis}`);
      const [start, end] = [Math.max(0, -before), size + Math.min(0, after)];
      const [kept, left] = [end - start < size ? sliced(b, value, axis, start, end) : value, end - start];
      if (before > left || after > left) throw notExpanded(node, `a pad larger than the ${left} elements of its axis`);
      const parts = [
        ...(before > 0 ? [sliced(b, kept, axis, left - before, left)] : []),
        kept,
        ...(after > 0 ? [sliced(b, kept, axis, 0, after)] : []),
      ];
      return b.op('Concat', parts, { axis });
    }, inputOf(node)),
  ];
};
