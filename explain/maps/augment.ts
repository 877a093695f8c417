/** @file Test-time augmentation: views of a picture whose maps are averaged. */
import type { ScoreHead } from '../../inference/networks/score-head.js';

/** A view of the prepared picture: mirrored or not, and its numbers times a factor. */
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

/** Rows of `width` numbers mirrored. */
export function flipped(data: Float32Array, width: number): Float32Array {
  return data.map((_, at) => data[at - (at % width) + (width - 1 - (at % width))] ?? 0);
}

/** Prepared pictures [N, C, H, W] as a view shows them. */
export function viewedPictures(pictures: Float32Array, width: number, { flip, factor }: View): Float32Array {
  const turned = flip ? flipped(pictures, width) : pictures;
  return factor === 1 ? turned : turned.map((value) => value * factor);
}

/** Target weights [N, scores] for a view: those of positions are mirrored with it. */
export function viewedWeights(weights: Float32Array, { grid }: ScoreHead, { flip }: View): Float32Array {
  return flip && grid ? flipped(weights, grid.width) : weights;
}
