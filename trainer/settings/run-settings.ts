/** @file Settings of a run besides hyper-parameters: its data, length, machine and files. */
import type { Split } from '../data/sets/dataset.js';
import { boolean, choice, grouped, integer, list, number, shortText, text, type Setting } from './table.js';
import { DEVICES_EXPECTED, parallelDevices, type Backend } from './devices.js';

/** A run's data, length, machine and files. What is absent has the default that the help names. */
export interface RunSettings {
  data: string;
  split: Split;
  classes: readonly string[];
  cropToBox: boolean;
  followLinks: boolean;
  strict: boolean;
  cache: string;
  cacheSize: number;
  out: string;
  name: string;
  notes: string;
  steps: number;
  backend: 'auto' | Backend;
  device: 'auto' | 'cuda' | 'webgpu' | 'cpu';
  devices: string;
  stepsPerRun: number;
  checkMemory: boolean;
  logEvery: number;
  sampleEvery: number;
  checkpointEvery: number;
  keep: number;
  eval: boolean;
  evalEvery: number;
  evalSamples: number;
  features: string;
  featuresMean: string;
  featuresStd: string;
  featuresSize: string;
}

const MANY = 1_000_000_000;

/** All settings of a run. */
export const runSettings: { [Name in keyof RunSettings]: Setting } = {
  ...grouped('Data', {
    data: [
      text('a path'),
      'A folder, a .zip or a file; docs/train.md lists the formats [default: built-in pictures]',
      'free',
    ],
    split: [choice(['train', 'val', 'test', 'all']), 'Split of the data set to use'],
    classes: [
      list('a list of names', () => true),
      'Classes by name, or by the number that names begin with, separated by commas [default: all]',
    ],
    cropToBox: [boolean, 'Crop each picture to the square around its bounding box'],
    followLinks: [boolean, 'Follow links that lead out of the given folder'],
    strict: [boolean, 'Stop at the first broken, missing or skipped file', 'free'],
    cache: [
      text('a path'),
      'Folder for the decoded pictures of data sets larger than 1 GiB [default: ~/.cache/ganscope]',
      'free',
    ],
    cacheSize: [
      number('a number of at least 0', (value) => value >= 0),
      'Size limit of that folder in GiB; without room, pictures are decoded again in every epoch',
      'free',
    ],
  }),
  ...grouped('Run', {
    out: [text('a path'), 'Folder of the run [default: runs/<date>-<preset>]'],
    name: [shortText(100), 'Name of the run, for lists and reports', 'free'],
    notes: [shortText(5000), 'Notes on the run, likewise', 'free'],
    steps: [integer(1, MANY, 'a whole number of at least 1'), 'Total number of updates, instead of `epochs`', 'free'],
    backend: [
      choice(['auto', 'onnxruntime', 'tensorflow', 'webgpu', 'cpu']),
      'What computes a step: ONNX Runtime (auto), or tfjs on TensorFlow, WebGPU or plain JavaScript',
      'free',
    ],
    device: [choice(['auto', 'cuda', 'webgpu', 'cpu']), 'Where ONNX Runtime computes', 'free'],
    devices: [
      { ...text(DEVICES_EXPECTED), accepts: (value) => parallelDevices(String(value), 1) !== undefined },
      'Devices that share each batch: CUDA devices such as 0,1, or parts of the CPU such as cpu:2',
      'free',
    ],
    stepsPerRun: [
      integer(1, 1000),
      'Steps that ONNX Runtime does in one run on one device: for GPUs, which then keep the weights in between',
      'free',
    ],
    checkMemory: [boolean, 'Refuse a run that needs more memory than there is, by an estimate', 'free'],
    logEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between log lines', 'free'],
    sampleEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between sample grids', 'free'],
    checkpointEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between checkpoints', 'free'],
    keep: [
      integer(1, MANY, 'a whole number of at least 1'),
      'Number of newest checkpoints to keep, besides the best',
      'free',
    ],
  }),
  ...grouped('Evaluation', {
    eval: [
      boolean,
      'Compare generated with real pictures (Fréchet distance and KID) and mark the best checkpoint',
      'free',
    ],
    evalEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between evaluations', 'free'],
    evalSamples: [integer(4, 1_000_000), 'Pictures of each kind; the Fréchet distance needs 2,048', 'until-evaluated'],
    features: [
      text('MODEL.onnx[:LAYER]'),
      'Network whose features are compared, as for gan-eval (gan-features trains one)',
      'until-evaluated',
    ],
    featuresMean: [
      text('numbers'),
      "Per-channel mean that network expects [default: from its file, or ImageNet's]",
      'until-evaluated',
    ],
    featuresStd: [text('numbers'), 'Per-channel standard deviation that network expects', 'until-evaluated'],
    featuresSize: [
      text('a size'),
      'Height and width that network expects, where its file leaves that open',
      'until-evaluated',
    ],
  }),
};

/** Defaults of settings that are not given. */
export const runDefaults = {
  split: 'all',
  classes: [],
  cropToBox: false,
  followLinks: false,
  strict: false,
  cacheSize: 10,
  backend: 'auto',
  device: 'auto',
  stepsPerRun: 1,
  checkMemory: true,
  logEvery: 50,
  sampleEvery: 500,
  checkpointEvery: 500,
  keep: 3,
  evalEvery: 2000,
  evalSamples: 5000,
} as const satisfies Partial<RunSettings>;
