/** @file `ganscope/inference` wherever it runs: generators and discriminators, latents and paths between them, pictures, grids. */
/// <reference lib="esnext.disposable" preserve="true" />
export { resolveDevice } from '#devices';
export { decodePicture, encodePng } from '#pictures';
export { assumptionLine, type Assumption } from './graphs/assumption.js';
export { interpolatedLatents, lerp, slerp } from './latent/interpolate.js';
export { normalLatents } from './latent/latents.js';
export { Discriminator, type Score } from './networks/discriminator.js';
export { Generator } from './networks/generator.js';
export { readGanMetadata, type GanMetadata } from './networks/metadata.js';
export type { ModelSource, NetworkOptions } from './networks/model-source.js';
export type { Preparation } from './networks/network-input.js';
export { parsedPreparation, parsedSize } from './networks/preprocessing.js';
export { Random } from './numeric/random.js';
export type { AnimationOptions } from './pictures/animation.js';
export { pictureGrid } from './pictures/grid.js';
export {
  rgbaPixels,
  type Normalization,
  type Picture,
  type PictureInput,
  type ResizeMode,
} from './pictures/pictures.js';
export type { Device, DeviceChoice } from './runtime/session.js';
