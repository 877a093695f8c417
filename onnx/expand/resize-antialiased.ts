/** @file Resize with antialias, as one matrix per axis. */
import { numberAttribute, stringAttribute } from '../graph/attributes.js';
import { inputOf, nodeLabel, type Dim } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import { float32Tensor } from '../graph/tensor.js';
import { interpolationMatrix, type Interpolation } from '../shapes/interpolation.js';
import { fixedSize, notExpanded, type Expansion } from './expansion.js';

/** The scales or sizes are those of all axes. */
export const antialiasedResize: Expansion = (node, b) => {
  const data = inputOf(node);
  const shape = b.types.knownShape(data, node);
  const scales = inputOf(node, 2) ? b.types.numbers(inputOf(node, 2)) : undefined;
  const sizes = inputOf(node, 3) ? b.types.contents(inputOf(node, 3)) : undefined;
  if (!scales?.length && !sizes) throw notExpanded(node, 'a size that is not constant');
  const settings: Interpolation = {
    mode: stringAttribute(node, 'mode', 'nearest'),
    coordinates: stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel'),
    nearest: stringAttribute(node, 'nearest_mode', 'round_prefer_floor'),
    cubicCoefficient: numberAttribute(node, 'cubic_coeff_a', -0.75),
    excludeOutside: numberAttribute(node, 'exclude_outside', 0) === 1,
    antialias: true,
    roi: [0, 1],
  };
  if (settings.coordinates === 'tf_crop_and_resize') throw notExpanded(node, 'antialias of a region');
  const rank = shape.length;
  return [
    shape.reduce<string>((value, dim: Dim, axis) => {
      if (sizes ? sizes[axis] === dim : scales?.[axis] === 1) return value;
      const size = fixedSize(node, dim, `axis ${axis}`);
      const output = sizes ? fixedSize(node, sizes[axis], `axis ${axis}`) : Math.floor(size * (scales?.[axis] ?? 1));
      expectWithin('ruleElements', size * output, nodeLabel(node));
      const scale = sizes ? Math.fround(output / size) : (scales?.[axis] ?? 1);
      const rows = interpolationMatrix(size, output, scale, settings, nodeLabel(node));
      const constant = b.op('Constant', [], { value: float32Tensor(rows.flat(), [output, size]) }, `weights_${axis}`);
      const matrix = b.castLike(constant, value);
      if (axis === rank - 2) return b.matMul(matrix, value);
      const columns = b.transpose(matrix, [1, 0]);
      if (axis === rank - 1) return b.matMul(value, columns);
      const order = [...shape.keys()];
      const swapped = order.with(axis, rank - 1).with(rank - 1, axis);
      return b.transpose(b.matMul(b.transpose(value, swapped), columns), swapped);
    }, data),
  ];
};
