/** @file The portable part of `ganscope/inference`: generators and discriminators, latents and paths between them, pictures, grids. */
/// <reference lib="esnext.disposable" preserve="true" />
export { resolveDevice } from '#devices';
export { decodePicture, encodePng } from '#pictures';
export { parsedRange } from './generators/stated.js';
export { assumptionLine, type Assumption } from './graphs/assumption.js';
export type { FeatureLayer, FeatureMaps } from './graphs/feature-maps.js';
export { firstFeatureDirections } from './generators/first-features.js';
export type { PrincipalDirection } from './latent/principal.js';
export { interpolatedLatents, lerp, slerp } from './latent/interpolate.js';
export { normalLatents } from './latent/latents.js';
export { Discriminator, type Score } from './networks/discriminator.js';
export { Generator, type GeneratorOptions } from './networks/generator.js';
export { labelOfFolders } from './labels/given-label.js';
export type { ModelSource, NetworkOptions } from './networks/model-source.js';
export type { Preparation } from './networks/network-input.js';
export { parsedPreparation, parsedSize } from './networks/preprocessing.js';
export { npyBytes } from './numeric/npy.js';
export { Random } from './numeric/random.js';
export { parsedInputs } from './parse/inputs.js';
export { parsedSeeds } from './parse/seeds.js';
export { pictureGrid } from './pictures/grid.js';
export { rgbaPixels, type Picture, type PictureInput } from './pictures/pictures.js';
export type { Device } from './runtime/session.js';
