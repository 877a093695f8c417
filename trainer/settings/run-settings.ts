/** @file What can be said about a run besides hyper-parameters: its data, its length, its machine, what it writes. */
import type { Split } from '../data/sets/dataset.js';
import { boolean, choice, grouped, integer, list, number, text, type Setting } from './table.js';
import { DEVICES_EXPECTED, parallelDevices, type Backend } from './devices.js';

/** Where a run takes its pictures from, and how it is made. Absent: the default that the help names. */
export interface RunSettings {
  data: string;
  split: Split;
  classes: readonly string[];
  cropToBox: boolean;
  strict: boolean;
  cache: string;
  cacheSize: number;
  out: string;
  steps: number;
  backend: 'auto' | Backend;
  device: 'auto' | 'cuda' | 'webgpu' | 'cpu';
  devices: string;
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
    data: [text('a path'), 'A folder, a .zip or a file; see the README for the formats [default: built-in pictures]'],
    split: [choice(['train', 'test', 'all']), 'Part of divided data'],
    classes: [list('a list of names', () => true), 'Names or numbers of classes, with commas between [default: all]'],
    cropToBox: [boolean, 'Only the square around what a bounding box marks'],
    strict: [boolean, 'Stop at a broken or missing picture instead of skipping it'],
    cache: [text('a path'), 'Folder of decoded pictures, for sets larger than 1 GiB [default: ~/.cache/ganscope]'],
    cacheSize: [
      number('a number of at least 0', (value) => value >= 0),
      'GiB of that folder; without room, pictures are decoded in every epoch',
    ],
  }),
  ...grouped('Run', {
    out: [text('a path'), 'Folder of the run [default: runs/<date>-<preset>]'],
    steps: [integer(1, MANY, 'a whole number of at least 1'), 'Updates in all, instead of `epochs`'],
    backend: [
      choice(['auto', 'onnxruntime', 'tensorflow', 'webgpu', 'cpu']),
      'What computes a step: ONNX Runtime (auto), or tfjs on TensorFlow, WebGPU or plain JavaScript',
    ],
    device: [choice(['auto', 'cuda', 'webgpu', 'cpu']), 'Where ONNX Runtime computes'],
    devices: [
      { ...text(DEVICES_EXPECTED), accepts: (value) => parallelDevices(String(value), 1) !== undefined },
      'Devices that share each batch: CUDA devices as 0,1, or parts of the CPU as cpu:2',
    ],
    logEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between log lines'],
    sampleEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between sample grids'],
    checkpointEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between checkpoints'],
    keep: [integer(1, MANY, 'a whole number of at least 1'), 'Last checkpoints that are kept, besides the best'],
  }),
  ...grouped('Evaluation', {
    eval: [boolean, 'Compare generated with real pictures: Fréchet distance and KID; marks the best checkpoint'],
    evalEvery: [integer(1, MANY, 'a whole number of at least 1'), 'Steps between evaluations'],
    evalSamples: [integer(2, 1_000_000), 'Pictures of each kind; a Fréchet distance needs 2,048'],
    features: [
      text('MODEL.onnx[:LAYER]'),
      'Network whose features are compared, as for gan-eval; gan-features makes one',
    ],
    featuresMean: [text('numbers'), "Mean of each channel that network wants [default: its file's, or ImageNet's]"],
    featuresStd: [text('numbers'), 'Standard deviation of each channel it wants'],
    featuresSize: [text('a size'), 'Height and width it wants, where its file leaves that open'],
  }),
};

/** Values of what is not said. */
export const runDefaults = {
  split: 'all',
  classes: [],
  cropToBox: false,
  strict: false,
  cacheSize: 10,
  backend: 'auto',
  device: 'auto',
  logEvery: 50,
  sampleEvery: 500,
  checkpointEvery: 500,
  keep: 3,
  evalEvery: 2000,
  evalSamples: 5000,
} as const satisfies Partial<RunSettings>;
