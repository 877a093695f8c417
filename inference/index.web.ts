/** @file `ganscope/inference` wherever it runs: generators and discriminators, latents and paths between them, pictures, grids. */
export { resolvedDevice } from '#devices';
export { decodedPicture, encodedPng } from '#pictures';
export { ANIMATION_FORMATS, MAX_FPS, type AnimationFormat, type AnimationOptions } from './animation.js';
export { Discriminator, type Score } from './discriminator.js';
export { Generator, type PictureOptions } from './generator.js';
export { pictureGrid, type GridOptions } from './grid.js';
export {
  interpolatedLatents,
  lerp,
  MAX_FRAMES,
  slerp,
  type InterpolationMode,
  type PathOptions,
} from './interpolate.js';
export type { SampleRequest } from './jobs/request.js';
export { MAX_SEEDS, normalLatents, parseSeeds, seedsFrom } from './latents.js';
export { metadataEntries, readGanMetadata, type GanMetadata } from './metadata.js';
export type { ModelSource, NetworkOptions } from './model-source.js';
export type { NetworkInput } from './network-input.js';
export {
  greyPicture,
  MAX_PIXELS,
  rgbaPixels,
  rgbPicture,
  type Normalization,
  type Picture,
  type PictureInput,
  type ResizeMode,
} from './pictures.js';
export { networkInput, pictureFromOutput, picturesFromOutput, type OutputRange, type PictureSize } from './pixels.js';
export { Random } from './random.js';
export { sampledPictures, type GeneratorRunner, type SampleOptions, type SampleProgress } from './sample.js';
export { sampleJob, type SampleJob } from './sample-job.js';
export { scoreHead, type ScoreHead } from './score-head.js';
export type { Device, DeviceChoice, ResolvedDevice, Session, SessionOptions, SessionTensor } from './session.js';
