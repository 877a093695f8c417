/** @file The calls that the page may make of its worker. */
import { decodePicture, interpolatedLatents, npyBytes, type Picture } from 'ganscope/inference';
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { spacePicture } from '../../../trainer/data/space/space.js';
import { attention } from './attention.js';
import type { Recipe } from './recipe.js';
import { coloursOf, deletion, map, view } from './explanations.js';
import { frame } from './frames.js';
import {
  closeNetworks,
  foundExplainer,
  openedGenerator,
  openExplainer,
  openGenerator,
  roleOf,
  useDevice,
} from './networks.js';

/** A picture with the first score of the network, where one is open. */
export interface Scored {
  picture: Picture;
  score?: number;
}

/** All calls. Arguments and results are copied from thread to thread. */
export const calls = {
  roleOf: async (file: Parameters<typeof roleOf>[0]) => roleOf(file),
  openGenerator,
  openExplainer,
  close: closeNetworks,
  useDevice: async (device: Parameters<typeof useDevice>[0]) => useDevice(device),
  frame,
  attention,
  view,
  map,
  deletion,
  palette: async (name: Parameters<typeof coloursOf>[0]) => coloursOf(name),

  /** The pictures of points, with D's score where that is wanted and a discriminator or classifier is open. */
  async sample(recipes: readonly Recipe[], scored = true): Promise<Scored[]> {
    const made: Scored[] = [];
    for (const recipe of recipes) {
      // Another class may have been chosen since the picture before, with networks of its own.
      const { generator, latents } = openedGenerator();
      const explainer = scored ? foundExplainer()?.explainer : undefined;
      const [picture] = await generator.pictures(await latents.of(recipe));
      if (!picture) continue;
      const score = explainer ? (await explainer.look(picture, [], 1)).classes[0]?.score : undefined;
      made.push({ picture, ...(score !== undefined && { score }) });
    }
    return made;
  },

  /** Some pictures of a loop through points. */
  async walk(recipes: readonly Recipe[], frames: number, first: number, count: number): Promise<Picture[]> {
    const { generator, latents } = openedGenerator();
    const keyframes = await Promise.all(recipes.map((recipe) => latents.of(recipe)));
    const path = interpolatedLatents(keyframes, { frames, mode: 'slerp', loop: true });
    const { latentDim } = generator;
    return generator.pictures(path.subarray(first * latentDim, (first + count) * latentDim));
  },

  /** The latents of points, as a .npy file [N, Z]. */
  async latents(recipes: readonly Recipe[]): Promise<Uint8Array> {
    const { generator, latents } = openedGenerator();
    const rows = await Promise.all(recipes.map((recipe) => latents.of(recipe)));
    return npyBytes(concatenated(rows), [rows.length, generator.latentDim]);
  },

  decode: (bytes: Uint8Array, name: string): Promise<Picture> => decodePicture(bytes, name),

  /** One of the built-in pictures that the page's own networks were trained on. */
  real: async (index: number, size: number): Promise<Picture> => spacePicture(size, 0, index),
};

/** The calls of the page. */
export type Engine = typeof calls;
