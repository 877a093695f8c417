/** @file Resize with antialias, as one matrix per axis. */
import { multipliedAlong } from '../build/along-axis.js';
import { inputOf, nodeLabel, type Dim } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import { float32Tensor } from '../graph/tensor.js';
import { interpolationMatrix, interpolationOf } from '../shapes/interpolation.js';
import { fixedSize, notExpanded, type Expansion } from './expansion.js';

/** The scales or sizes are those of all axes. */
export const antialiasedResize: Expansion = (node, b) => {
  const data = inputOf(node);
  const shape = b.types.knownShape(data, node);
  const scales = inputOf(node, 2) ? b.types.numbers(inputOf(node, 2)) : undefined;
  const sizes = inputOf(node, 3) ? b.types.contents(inputOf(node, 3)) : undefined;
  if (!scales?.length && !sizes) throw notExpanded(node, 'a size that is not constant');
  const settings = { ...interpolationOf(node), antialias: true };
  if (settings.coordinates === 'tf_crop_and_resize') throw notExpanded(node, 'antialias of a region');
  return [
    shape.reduce<string>((value, dim: Dim, axis) => {
      if (sizes ? sizes[axis] === dim : scales?.[axis] === 1) return value;
      const size = fixedSize(node, dim, `axis ${axis}`);
      const output = sizes
        ? fixedSize(node, sizes[axis], `axis ${axis}`)
        : Math.floor(Math.fround(size * (scales?.[axis] ?? 1)));
      expectWithin('ruleElements', size * output, nodeLabel(node));
      const scale = sizes ? Math.fround(output / size) : (scales?.[axis] ?? 1);
      const rows = interpolationMatrix(size, output, scale, settings, nodeLabel(node));
      const constant = b.op('Constant', [], { value: float32Tensor(rows.flat(), [output, size]) }, `weights_${axis}`);
      return multipliedAlong(b, b.castLike(constant, value), value, axis);
    }, data),
  ];
};
