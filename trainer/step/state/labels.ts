/** @file Classes as the networks read them: one-hot rows. */
import { drawnClass } from '../../../inference/generators/labels.js';
import type { GanConfig } from '../../settings/config.js';

type Classes = Pick<GanConfig, 'conditional' | 'classNames' | 'latentDim'>;

/** Class numbers as rows [N, K] with one 1 each. */
export function oneHotRows(classes: ArrayLike<number>, count: number): Float32Array {
  const rows = new Float32Array(classes.length * count);
  for (let row = 0; row < classes.length; row++) rows[row * count + (classes[row] as number)] = 1;
  return rows;
}

/**
 * Class numbers for latents, all classes as likely, as `gan-sample --label random` draws them; nothing for networks without classes.
 * @param latents [N, Z]
 */
export function drawnClasses({ conditional, classNames, latentDim }: Classes, latents: Float32Array) {
  if (!conditional) return undefined;
  return Array.from({ length: latents.length / latentDim }, (_, row) =>
    drawnClass(latents.subarray(row * latentDim, (row + 1) * latentDim), classNames.length),
  );
}

/** These as one-hot rows. */
export function drawnLabels(config: Classes, latents: Float32Array): Float32Array | undefined {
  const classes = drawnClasses(config, latents);
  return classes && oneHotRows(classes, config.classNames.length);
}
