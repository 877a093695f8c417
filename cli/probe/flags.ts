/** @file The options of gan-probe as yargs' options. Which of them a kind takes stands in table.ts. */
import type { InferredOptionTypes, Options } from 'yargs';
import { overlayModes, paletteNames } from 'ganscope/explain/choices';
import { generatorFlags } from '../parse/generator-flags.js';
import { preparationOptions } from '../common/options.js';

/** None has a default here, so that an option that a kind does not take is told from one that was not given. */
export const probeFlags = {
  model: { type: 'string', requiresArg: true, describe: 'The network, an .onnx file [default: the latest export]' },
  layer: {
    type: 'string',
    requiresArg: true,
    describe: 'A layer by its name or number; of nearest the name of a node or value [default: chosen and printed]',
  },
  seed: { type: 'number', requiresArg: true, describe: 'Seed of the latent, or of random draws [default: 0]' },
  box: { type: 'string', requiresArg: true, describe: 'A region as x,y,width,height in pixels of the network' },
  at: { type: 'string', requiresArg: true, describe: 'A region of one pixel as x,y' },
  directions: { type: 'number', requiresArg: true, describe: 'How many directions of the region [default: 4]' },
  distance: {
    type: 'number',
    requiresArg: true,
    describe: 'How far pictures are moved along a direction, in units of the latent [default: 3]',
  },
  discriminator: {
    type: 'string',
    describe: 'Explain its score instead of a region: an .onnx file [without a file: the one beside the generator]',
  },
  range: {
    type: 'string',
    requiresArg: true,
    describe: "Numbers of black and white in the generator's output, such as 0,1 [default: from the model, or -1,1]",
  },
  'latent-dim': { type: 'number', requiresArg: true, describe: 'Numbers per latent, if the model does not fix them' },
  label: {
    type: 'string',
    requiresArg: true,
    describe:
      'Class of conditional networks: a number or name, of a generator also random. With a generator and a network that judges its pictures: of both, or of the one that has classes',
  },
  ...generatorFlags,
  generator: {
    type: 'string',
    requiresArg: true,
    describe:
      'Generator of the walk [default: the latest export]; of maximise the one whose latent is searched, run for the latest export',
  },
  seeds: { type: 'string', requiresArg: true, describe: 'Seeds between which the walk goes, such as 1,2 or 3,7-9' },
  frames: { type: 'number', requiresArg: true, describe: 'Frames of the walk [default: 24]' },
  loop: { type: 'boolean', describe: 'Walk back to the first seed' },
  fps: { type: 'number', requiresArg: true, describe: 'Frames per second [default: 12]' },
  format: { choices: ['webp', 'gif', 'mp4'], requiresArg: true, describe: 'Format of the animation [default: webp]' },
  method: {
    type: 'string',
    requiresArg: true,
    describe: 'A method of gan-gradcam [default: gradcam]; of concepts craft or dff [default: craft]',
  },
  target: {
    type: 'string',
    requiresArg: true,
    describe:
      'What to explain, as for gan-gradcam; walk and checkpoints need it of several classes [default: fake (of --discriminator: real), or the top class]',
  },
  output: {
    type: 'string',
    requiresArg: true,
    describe: 'Output or inner value that holds the scores [default: found and printed]',
  },
  palette: { choices: paletteNames, requiresArg: true, describe: 'Colour map [default: jet]' },
  overlay: { choices: overlayModes, requiresArg: true, describe: 'How maps are laid over pictures [default: report]' },
  models: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Checkpoints of one network as .onnx files, the last one to compare with',
  },
  run: { type: 'string', requiresArg: true, describe: 'A run: all checkpoints that it has kept' },
  boxes: {
    type: 'string',
    requiresArg: true,
    describe: "Where the objects are: CUB's bounding_boxes.txt, a .csv file, annotations of COCO, or a folder of masks",
  },
  labels: { type: 'string', requiresArg: true, describe: 'Names of the classes: a text, JSON or YAML file' },
  channel: { type: 'string', requiresArg: true, describe: 'Channels of --layer to maximise, such as 3 or 0-7' },
  steps: { type: 'number', requiresArg: true, describe: 'Steps of maximise [default: 256]' },
  rate: {
    type: 'number',
    requiresArg: true,
    describe:
      "Size of a step: Adam's rate [default: 0.05], or the root mean square change of pixels [default: 0.02 of white]",
  },
  parameterization: {
    choices: ['fourier', 'pixels'],
    requiresArg: true,
    describe: 'What is maximised over: waves with decorrelated colours by Adam, or pixels [default: fourier]',
  },
  jitter: {
    type: 'number',
    requiresArg: true,
    describe: 'Pixels by which the picture is moved in each step, at most [default: a 16th of its side]',
  },
  zoom: {
    type: 'number',
    requiresArg: true,
    describe: 'Share by which it is enlarged or made smaller in each step, at most [default: 0.1]',
  },
  tv: { type: 'number', requiresArg: true, describe: 'Weight of the total variation [default: 0]' },
  l2: {
    type: 'number',
    requiresArg: true,
    describe: 'Weight of the squares of levels beside grey [default: 0], or of a latent [default: 1]',
  },
  blur: {
    type: 'number',
    requiresArg: true,
    describe: 'Pixels of the blur after every fourth step of pixels [default: 0]',
  },
  every: { type: 'number', requiresArg: true, describe: 'Show the picture of every so many steps' },
  among: { type: 'string', requiresArg: true, describe: 'Folder of the pictures that may be neighbours' },
  count: { type: 'number', requiresArg: true, describe: 'Neighbours of each picture, or concepts [default: 8]' },
  crop: {
    type: 'number',
    requiresArg: true,
    describe: "Side of a crop in pixels of the network's input [default: 80/224 of the shorter side]",
  },
  runs: {
    type: 'number',
    requiresArg: true,
    describe: 'Runs behind the layer for each picture [default: 33 for each concept and 33 more]',
  },
  metric: {
    choices: ['cosine', 'l2'],
    requiresArg: true,
    describe: 'Distance of features: 1 − cosine, or Euclidean [default: cosine]',
  },
  ...preparationOptions,
} as const satisfies Record<string, Options>;

/** The options that say how a network takes pictures and where its scores are. */
export const networkFlags = [
  'output',
  'mean',
  'std',
  'size',
  'channels',
  'channel-order',
  'resize',
  'channels-last',
] as const;

/** What yargs makes of them. */
export type ProbeFlags = InferredOptionTypes<typeof probeFlags>;
