/** @file The options of gan-gradcam as yargs' options, those that exclude each other, and what their values may be. */
import type { Options } from 'yargs';
import { InputError } from 'ganscope/errors';
import {
  baselineNames,
  figureFormats,
  methodGroups,
  methodRuns,
  metricNames,
  MOST_FLAT,
  overlayModes,
  paletteNames,
  TASK_SIZE,
} from 'ganscope/explain/choices';
import { engineOptions } from '../common/engine.js';
import { deviceOption, preparationOptions, strictOption } from '../common/options.js';

export const gradcamFlags = {
  model: { type: 'string', describe: 'Discriminator or classifier [default: the latest export]' },
  layer: {
    type: 'string',
    describe:
      'auto (the last layer with positions before the scores; of classifiers last-activation), last-activation (the ' +
      'same after its activation), last-conv, all-convs, an index or a name from --list-layers; separate with commas, ' +
      'average with + [default: auto]',
  },
  tokens: {
    type: 'string',
    describe: 'HEIGHTxWIDTH of a token layer, if it cannot be computed from their number',
  },
  method: {
    type: 'string',
    default: 'gradcam,gradcam++',
    describe: 'all (but those that take minutes), or names from the list below, separated by commas',
  },
  target: {
    type: 'string',
    describe:
      'What to explain, see below; one, or one per picture; join several of a picture by + [default: fake, or the top class]',
  },
  'after-softmax': {
    type: 'boolean',
    default: false,
    describe: 'Explain the probability after softmax or sigmoid instead of the score before it',
  },
  'similar-to': {
    type: 'string',
    requiresArg: true,
    describe:
      'Explain how similar the features are to those of this picture (cosine). Features are what enters the last layer, ' +
      'or --output',
  },
  labels: { type: 'string', describe: 'File with class names, one per line or as JSON' },
  output: {
    type: 'string',
    describe: 'Output or inner value that holds the scores [default: the one computed from the others]',
  },
  input: {
    type: 'string',
    requiresArg: true,
    describe: 'Another input as NAME=FILE (picture or .npy) or NAME=NUMBERS; repeat for several',
  },
  label: {
    type: 'string',
    requiresArg: true,
    describe:
      'Class that a conditional discriminator is asked about, by name or number [default: the class that the folder is named after]',
  },
  'explain-input': {
    type: 'string',
    describe: 'Name of the picture input, if several could be it [default: the first]',
  },
  augment: {
    type: 'boolean',
    default: false,
    describe: 'Average over flipped, darker and brighter copies (test-time augmentation); not for detectors',
  },
  eigen: {
    type: 'boolean',
    default: false,
    describe: 'Use the first principal component of weighted activations instead of their sum',
  },
  ...preparationOptions,
  out: {
    type: 'string',
    default: 'gradcam',
    describe: 'Folder for figures, heatmaps, overlays, raw values (.npy) and results.json',
  },
  resume: { type: 'boolean', default: false, describe: 'Continue an interrupted job in the --out folder' },
  palette: {
    choices: paletteNames,
    default: 'jet' as const,
    describe: 'Colour map; diverging shows signed maps: blue is evidence against the target',
  },
  overlay: {
    choices: overlayModes,
    default: 'report' as const,
    describe: 'report: colours everywhere; blend: opacity follows the map; contours: lines at 25, 50 and 75 %',
  },
  alpha: {
    type: 'number',
    default: 0.5,
    describe: 'Opacity of the colours in overlays, 0…1',
  },
  format: {
    choices: figureFormats,
    default: 'png' as const,
    describe: 'File format of figures and plots; svg and pdf keep text as text',
  },
  dpi: { type: 'number', describe: 'Resolution of figures and plots as PNG, 36…600 [default: 192]' },
  width: {
    type: 'number',
    describe: 'Width of figures and plots in millimetres, with text of 9 points [default: as wide as needed]',
  },
  'same-scale': { type: 'boolean', default: false, describe: 'Draw the maps of a row of a figure on one scale' },
  titles: {
    type: 'boolean',
    default: true,
    describe: 'Labels beside the rows of figures, and headings above the plots of --evaluate',
  },
  'per-row': { type: 'number', describe: 'Pictures (with their maps) side by side in a row of a figure [default: 1]' },
  evaluate: {
    type: 'boolean',
    default: false,
    describe: 'Compare the methods by metrics over the pictures instead: a table, plots, results.json',
  },
  metric: {
    type: 'string',
    requiresArg: true,
    describe: `What --evaluate measures: ${metricNames.join(', ')}; names with commas [default: all that apply]`,
  },
  boxes: {
    type: 'string',
    requiresArg: true,
    describe:
      'Where the objects are, for pointing-game and energy-inside: bounding_boxes.txt of CUB-200-2011, a .csv file with ' +
      'file,x,y,width,height, annotations of COCO, or a folder of masks',
  },
  'follow-links': {
    type: 'boolean',
    default: false,
    describe: 'Follow links that lead out of the given folders',
  },
  strict: strictOption,
  'list-layers': {
    type: 'boolean',
    default: false,
    describe: 'Print convolutions, activations and token layers, then exit; * marks those chosen by --layer',
  },
  device: deviceOption,
  seed: { type: 'number', default: 0, describe: 'Random seed of noise and random maps' },
  samples: {
    type: 'number',
    default: 25,
    describe:
      'Noisy copies that smoothgrad, vargrad, squaregrad, gradient-shap, deeplift-shap, smooth-gradcam++ and ss-cam use',
  },
  noise: {
    type: 'number',
    default: 0.15,
    describe: 'Noise standard deviation, as a fraction of the input range',
  },
  steps: {
    type: 'number',
    default: 50,
    describe: 'Steps of integrated-gradients, conductance, internal-influence, layer-integrated-gradients and is-cam',
  },
  runs: {
    type: 'number',
    describe:
      'Forward passes for a map by masks; more give a smaller standard error ' +
      `[default: ${methodRuns.map(({ name, runs }) => `${runs} ${name}`).join(', ')}]`,
  },
  baseline: {
    type: 'string',
    default: 'black',
    describe: `Where paths such as those of integrated-gradients begin, what deeplift compares with, and what occlusion and masks show: ${baselineNames.join(', ')}, or several`,
  },
  'task-size': {
    type: 'number',
    describe:
      `Pictures per task and sub-folder of a job with sub-folders: of more than ${MOST_FLAT} pictures, shared with ` +
      `others, or with this option [default: ${TASK_SIZE}]`,
  },
  ...engineOptions,
  'random-weights': {
    type: 'number',
    describe: 'Replace the weights by random ones from this seed: a baseline that has learnt nothing',
  },
} as const satisfies Record<string, Options>;

/** What --target takes, and the methods by kind: printed below the options. */
export const gradcamWords = `Targets
  real, fake            a discriminator's score, or its negative
  score, 0, 1           a network with one score: its value, or one of its two classes (also by name)
  281, tabby            a class by number, or by name with --labels
  top-3                 the three classes with the highest scores, one map each
  281+285, real+fake    both for each picture, one map each
  281:285, cat:dog      the first class compared with the second
  15@10,20,90,80        dense outputs: class 15 inside a box of the input (left, top, right, bottom)
  15@predicted          where class 15 has the highest score; 15@mask.png: where the mask, of the picture's size, is bright
  15@at:42              detectors: class 15 at box 42 (15 alone: at its best box)
  15@above:0.5          all boxes or positions where class 15 has a probability above 0.5
  "a,b":'c@d'           names and files that contain : @ + or , in quotes

Methods
${methodGroups.map(({ title, names }) => `  ${title}: ${names.join(', ')}`).join('\n')}`;

/** Pairs that cannot be combined. */
const EXCLUSIVE = [
  ['evaluate', 'randomWeights'],
  ['listLayers', 'evaluate'],
  ['listLayers', 'resume'],
  ['evaluate', 'taskSize'],
  ['evaluate', 'perRow'],
  ['evaluate', 'sameScale'],
  ['evaluate', 'palette'],
  ['evaluate', 'overlay'],
  ['evaluate', 'alpha'],
  ['similarTo', 'target'],
  ['similarTo', 'labels'],
  ['similarTo', 'afterSoftmax'],
  ['listLayers', 'taskSize'],
] as const;

/** @throws InputError for options that exclude each other */
export function expectCombinable(given: Partial<Record<(typeof EXCLUSIVE)[number][number], unknown>>): void {
  const flags: Readonly<Record<string, Options>> = gradcamFlags;
  const isGiven = (name: keyof typeof given) => ![undefined, false, flags[name]?.default].includes(given[name]);
  for (const [name, other] of EXCLUSIVE) {
    if (isGiven(name) && isGiven(other)) throw new InputError({ name, conflictsWith: other });
  }
}
