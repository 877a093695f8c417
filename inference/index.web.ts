/** @file `ganscope/inference` wherever it runs: generators and discriminators, latents and paths between them, pictures, grids. */
export { resolveDevice } from '#devices';
export { decodePicture, encodePng } from '#pictures';
export { ANIMATION_FORMATS, MAX_FPS, type AnimationFormat, type AnimationOptions } from './pictures/animation.js';
export { Discriminator, type Score } from './networks/discriminator.js';
export { Generator, type PictureOptions } from './networks/generator.js';
export { pictureGrid, type GridOptions } from './pictures/grid.js';
export {
  interpolatedLatents,
  lerp,
  MAX_FRAMES,
  slerp,
  type InterpolationMode,
  type PathOptions,
} from './latent/interpolate.js';
export type { SampleRequest } from './jobs/request.js';
export { MAX_SEEDS, normalLatents, parseSeeds, seedsFrom } from './latent/latents.js';
export { metadataEntries, readGanMetadata, type GanMetadata } from './networks/metadata.js';
export type { ModelSource, NetworkOptions } from './networks/model-source.js';
export type { NetworkInput } from './networks/network-input.js';
export {
  greyPicture,
  MAX_PIXELS,
  rgbaPixels,
  rgbPicture,
  type Normalization,
  type Picture,
  type PictureInput,
  type ResizeMode,
} from './pictures/pictures.js';
export {
  networkInput,
  pictureFromOutput,
  picturesFromOutput,
  type OutputRange,
  type PictureSize,
} from './pictures/pixels.js';
export { Random } from './numeric/random.js';
export { samplePictures, type GeneratorRunner, type SampleOptions, type SampleProgress } from './networks/sample.js';
export { sampleJob, type SampleJob } from './jobs/sample-job.js';
export { scoreHead, type ScoreHead } from './networks/score-head.js';
export type {
  Device,
  DeviceChoice,
  ResolvedDevice,
  Session,
  SessionOptions,
  SessionTensor,
} from './runtime/session.js';
