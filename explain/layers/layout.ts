/** @file Where the channels of a layer are, if no operator tells. */
import { hasAspectOf } from '../../inference/graphs/score-place.js';
import { InputError } from '../../onnx/errors.js';
import type { Layer, TokenGrid } from './layer.js';

/**
 * A layer whose channels no operator determines, in the layout in which positions have the picture's aspect ratio.
 * @throws InputError if both layouts have it
 */
export function guessedLayout(layer: Layer, grid?: TokenGrid): Layer {
  const [, a, b, c] = layer.shape;
  if (!grid || [a, b, c].some((size) => typeof size !== 'number')) return layer;
  const fits = (height: number, width: number) => hasAspectOf(grid.picture, height, width);
  const [first, last] = [fits(b as number, c as number), fits(a as number, b as number)];
  if (first !== last) return first ? layer : { ...layer, channelAxis: 3 };
  if (!first) return layer;
  throw new InputError({
    name: 'layer',
    expected: `a layer whose channels are known; "${layer.name}" is read as [N, C, H, W] or [N, H, W, C], which differ`,
    got: `[${layer.shape.join(', ')}]`,
  });
}
