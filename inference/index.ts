/** @file `ganscope/inference`: generators on ONNX Runtime, latents and paths between them, pictures, grids, animations. */
export { ANIMATION_FORMATS, MAX_FPS, type AnimationFormat, type AnimationOptions } from './animation.js';
export { chosenModel, type ModelChoice } from './default-model.node.js';
export { resolvedDevice, type Device, type DeviceChoice } from './devices.node.js';
export { Generator, type GeneratorOptions } from './generator.js';
export { pictureGrid, type GridOptions } from './grid.js';
export {
  interpolatedLatents,
  lerp,
  MAX_FRAMES,
  slerp,
  type InterpolationMode,
  type PathOptions,
} from './interpolate.js';
export { MAX_SEEDS, normalLatents, parseSeeds, seedsFrom } from './latents.js';
export { metadataEntries, readGanMetadata, type GanMetadata } from './metadata.js';
export { type NetworkInput } from './network-input.js';
export { writeAnimation } from './output.node.js';
export { decodedPicture, encodedAnimation, encodedPng, MAX_PIXELS } from './pictures.node.js';
export {
  greyPicture,
  rgbPicture,
  type Normalization,
  type Picture,
  type PictureInput,
  type ResizeMode,
} from './pictures.js';
export { networkInput, pictureFromOutput, picturesFromOutput, type OutputRange, type PictureSize } from './pixels.js';
export { Random } from './random.js';
export { sampledPictures, type GeneratorRunner, type SampleOptions, type SampleProgress } from './sample.js';
export { scoreHead, type ScoreHead } from './score-head.js';
export { sampleJob, type SampleJob } from './sample-job.js';
export { type JobContext, type PictureRecord } from './jobs/context.node.js';
export { type SampleRequest } from './jobs/request.js';
export { performedJob } from './jobs/perform.node.js';
export { loadedLatents, saveLatents } from './latent/files.node.js';
export { createdSession, type ResolvedDevice, type SessionOptions } from './session.node.js';
