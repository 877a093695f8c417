/** @file `ganscope/inference`: generators on ONNX Runtime, latents and paths between them, pictures, grids, animations. */
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
export { writeGrid, writeInterpolation } from './output.node.js';
export { decodedPicture, encodedAnimation, encodedPng, MAX_PIXELS, type AnimationOptions } from './pictures.node.js';
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
export { jobLatents, sampleJob, type GridJob, type InterpolationJob, type SampleRequest } from './sample-job.js';
export { scoreHead, type ScoreHead } from './score-head.js';
export { createdSession, type ResolvedDevice, type SessionOptions } from './session.node.js';
