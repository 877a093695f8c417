/** @file Test-time augmentation: the maps of several views of a picture are averaged. */
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { InputError } from '../../onnx/errors.js';

/** A view of the prepared picture: flipped or not, and multiplied by a factor. */
export interface View {
  flip: boolean;
  factor: number;
}

/** The picture as it is. */
export const plainView: readonly View[] = [{ flip: false, factor: 1 }];

/** The six views of pytorch-grad-cam's `aug_smooth`. */
export const augmentedViews: readonly View[] = [false, true].flatMap((flip) =>
  [0.9, 1, 1.1].map((factor) => ({ flip, factor })),
);

/** Flips rows of `width` numbers. */
export function flipped(data: Float32Array, width: number): Float32Array {
  return data.map((_, at) => data[at - (at % width) + (width - 1 - (at % width))] ?? 0);
}

/** The view of prepared pictures [N, C, H, W]. */
export function viewedPictures(pictures: Float32Array, width: number, { flip, factor }: View): Float32Array {
  const turned = flip ? flipped(pictures, width) : pictures;
  return factor === 1 ? turned : turned.map((value) => value * factor);
}

/** @throws InputError for scores of boxes: the box of a flipped picture that sees the same object is not known */
export function expectFlippable({ kind }: ScoreHead): void {
  if (kind !== 'boxes') return;
  throw new InputError({ name: 'augment', expected: 'scores of the picture or of positions', got: 'scores of boxes' });
}

/** Target weights [N, scores] for a view: weights of positions are flipped too. */
export function viewedWeights(weights: Float32Array, { grid }: ScoreHead, { flip }: View): Float32Array {
  return flip && grid ? flipped(weights, grid.width) : weights;
}
