/** @file The fixed latents whose pictures show a run's progress; of a conditional run a row of them for each class. */
import { normalLatents, seedsFrom } from '../../inference/latent/latents.js';
import type { GanConfig } from '../settings/config.js';
import { oneHotRows } from '../step/state/labels.js';

/** How many pictures are shown of a run without classes; their seeds are 0…63, as in `gan-sample`. */
export const SHOWN = 64;
/** Latents of each class, and the largest number of classes that are shown: the first ones. */
const [EACH, MAX_SHOWN] = [8, 16];

type Classes = Pick<GanConfig, 'conditional' | 'classNames'>;

/** The classes that have a row. */
const shownClasses = ({ conditional, classNames }: Classes): readonly string[] =>
  conditional ? classNames.slice(0, MAX_SHOWN) : [];

/** What the generator is fed for its fixed pictures; each class has the same latents. */
export function fixedInputs(config: GanConfig): { latents: Float32Array; labels?: Float32Array } {
  const { latentDim, classNames } = config;
  const rows = shownClasses(config).length;
  if (rows === 0) return { latents: normalLatents(seedsFrom(0, SHOWN), latentDim) };
  const seeds = Array.from({ length: rows }, () => seedsFrom(0, EACH)).flat();
  const classes = seeds.map((_, at) => Math.floor(at / EACH));
  return { latents: normalLatents(seeds, latentDim), labels: oneHotRows(classes, classNames.length) };
}

/** Pictures in a row of a grid of `count` pictures. */
export const gridColumns = (config: Classes, count: number): number =>
  shownClasses(config).length > 0 ? EACH : Math.ceil(Math.sqrt(count));

/** What a grid of fixed pictures shows, for people. */
export function samplesCaption(config: Classes, count: number): string {
  const shown = shownClasses(config);
  if (shown.length === 0) return `${count} fixed latents`;
  const of = shown.length < config.classNames.length ? `, the first of ${config.classNames.length} classes` : '';
  return `${EACH} fixed latents of each class; rows from the top: ${shown.join(', ')}${of};`;
}
