/** @file What is fuzzed: for each kind of file, good ones to start from, how they are damaged, and what reads them. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goldenPath } from '../fixtures/golden.js';
import { Explainer, writeSelfExplaining } from '../explain/index.js';
import { parsedLabels } from '../inference/labels/class-names.js';
import { decodePicture, Discriminator, encodePng, Generator, loadLatents, Random } from '../inference/index.js';
import { npyBytes, npyHeader, parsedNpy } from '../inference/numeric/npy.js';
import { encodeWebp } from '../inference/pictures/pictures.node.js';
import { modelFromBytes } from '../onnx/files/read.js';
import { expectAffordable } from '../onnx/upgrade/affordable.js';
import { upgradedModel } from '../onnx/upgrade/upgrade.js';
import { loadCheckpoint, saveCheckpoint } from '../trainer/checkpoint/checkpoint.node.js';
import { openDataset } from '../trainer/index.js';
import { configWith } from '../trainer/settings/presets.js';
import { readSettingsFile } from '../trainer/settings/settings-file.node.js';
import { initialState } from '../trainer/step/tfjs/state.js';
import { zipOf } from '../trainer/data/archive.test.helper.js';
import { mutatedBytes, mutatedText, oneOf } from './mutate.js';
import { mutatedModel } from './mutate-model.js';

/** A kind of input. */
export interface FuzzKind {
  /** How many of 100 inputs are of this kind. */
  share: number;
  /** What the file is called. */
  file: string;
  /** Good files, made once. */
  corpus: (folder: string) => Promise<Uint8Array[]>;
  mutate: (bytes: Uint8Array, random: Random) => Uint8Array;
  /** Reads the damaged file; throws InputError where it is refused. */
  read: (path: string, bytes: Uint8Array, random: Random) => Promise<unknown>;
}

/** A small picture that the networks are shown. */
export const testPicture = {
  width: 16,
  height: 16,
  channels: 3 as const,
  data: Uint8Array.from({ length: 768 }, (_, at) => at % 251),
};
const cpu = { device: 'cpu', threads: 1 } as const;
const tiny = (name: string) => fileURLToPath(new URL(`../../fixtures/tiny/${name}.onnx`, import.meta.url));
const text = (...contents: string[]) => contents.map((content) => new TextEncoder().encode(content));
const NETWORKS = ['plain-cnn', 'squeeze', 'resnet-torchscript', 'mobilenet-v3-dynamo', 'vit-dynamo', 'restorer-dynamo'];
const networks = () => Promise.all(NETWORKS.map((name) => readFile(goldenPath(`${name}.onnx`))));

function idxOf(count: number): Uint8Array {
  const header = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 4, 0, 0, 0, 4]);
  return Buffer.concat([header, new Uint8Array(16 * count).fill(100)]);
}

async function readDataset(path: string): Promise<void> {
  const dataset = await openDataset(path, configWith('space'));
  for (let index = 0; index < Math.min(3, dataset.length); index++) await dataset.picture(index);
}

async function explained(path: string, options: Parameters<Explainer['explain']>[1]): Promise<void> {
  const explainer = await Explainer.load(path, cpu);
  try {
    explainer.layers();
    await explainer.explain([testPicture], options);
  } finally {
    await explainer.dispose();
  }
}

/** All kinds by name. */
export const fuzzKinds: Readonly<Record<string, FuzzKind>> = {
  model: {
    share: 40,
    file: 'model.onnx',
    corpus: networks,
    mutate: mutatedModel,
    read: async (path, bytes) => expectAffordable(upgradedModel(modelFromBytes(bytes, path))),
  },
  explain: {
    share: 4,
    file: 'network.onnx',
    corpus: networks,
    mutate: mutatedModel,
    read: (path, _bytes, random) =>
      explained(path, {
        methods: [oneOf(random, ['gradcam', 'gradcam++', 'saliency', 'fullgrad', 'scorecam'] as const)],
      }),
  },
  'self-explaining': {
    share: 3,
    file: 'network.onnx',
    corpus: networks,
    mutate: mutatedModel,
    read: (path) => writeSelfExplaining(path, `${path}-out.onnx`),
  },
  discriminator: {
    share: 3,
    file: 'discriminator.onnx',
    corpus: async () => [await readFile(tiny('discriminator'))],
    mutate: mutatedModel,
    read: async (path) => {
      const discriminator = await Discriminator.load(path, cpu);
      await discriminator.score([testPicture]).finally(() => discriminator.dispose());
    },
  },
  generator: {
    share: 3,
    file: 'generator.onnx',
    corpus: async () => [await readFile(tiny('generator'))],
    mutate: mutatedModel,
    read: async (path) => {
      const generator = await Generator.load(path, cpu);
      await generator.sample([1]).finally(() => generator.dispose());
    },
  },
  picture: {
    share: 10,
    file: 'picture.png',
    corpus: async () => [await encodePng(testPicture), await encodeWebp(testPicture)],
    mutate: mutatedBytes,
    read: (path) => decodePicture(path),
  },
  archive: {
    share: 10,
    file: 'set.zip',
    corpus: async () => {
      const png = await encodePng(testPicture);
      return [
        zipOf([
          { name: 'a/1.png', data: png },
          { name: 'b/2.png', data: png, store: true },
          { name: 'note.txt', data: png },
        ]),
      ];
    },
    mutate: mutatedBytes,
    read: (path) => readDataset(path),
  },
  idx: {
    share: 5,
    file: 'set/train-images-idx3-ubyte',
    corpus: async () => [idxOf(5)],
    mutate: mutatedBytes,
    read: (path) => readDataset(join(path, '..')),
  },
  arrays: {
    share: 4,
    file: 'set/images.npy',
    corpus: async () => [Buffer.concat([npyHeader('|u1', [5, 4, 4, 3]), new Uint8Array(240).fill(100)])],
    mutate: mutatedBytes,
    read: (path) => readDataset(join(path, '..')),
  },
  parquet: {
    share: 6,
    file: 'pictures.parquet',
    corpus: async () => [await readFile(goldenPath('huggingface.parquet'))],
    mutate: mutatedBytes,
    read: (path) => readDataset(path),
  },
  npy: {
    share: 8,
    file: 'latents.npy',
    corpus: async () => [npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2])],
    mutate: mutatedBytes,
    read: async (path, bytes) => {
      await loadLatents(path, 2);
      parsedNpy(bytes, path);
    },
  },
  latents: {
    share: 4,
    file: 'latents.json',
    corpus: async () => text('[[1, 2], [0.5, -3e2]]', '{"latents": [[1, 2]]}'),
    mutate: mutatedText,
    read: (path) => loadLatents(path, 2),
  },
  labels: {
    share: 4,
    file: 'labels.txt',
    corpus: async () =>
      text('cat\ndog\n', '["cat", "dog"]', "{0: 'cat', 1: 'it\\'s'}", '{"0": ["n1", "cat"], "1": ["n2", "dog"]}'),
    mutate: mutatedText,
    read: async (path, bytes) => parsedLabels(Buffer.from(bytes).toString(), path),
  },
  settings: {
    share: 5,
    file: 'settings.yaml',
    corpus: async () =>
      text('preset: space\nbatchSize: 10\nlr: 0.0002\naugment: [flip]\n', '{"preset": "cub200", "ngf": 64, "seed": 1}'),
    mutate: mutatedText,
    read: (path) => readSettingsFile(path),
  },
  checkpoint: {
    share: 4,
    file: 'checkpoint/state.json',
    corpus: async (folder) => {
      const config = configWith('space', { imageSize: 16, ngf: 2, ndf: 2, latentDim: 4, batchSize: 2 });
      const saved = await saveCheckpoint(join(folder, 'run'), initialState(config), config);
      await mkdir(join(folder, 'checkpoint'), { recursive: true });
      await cp(saved, join(folder, 'checkpoint'), { recursive: true });
      return [await readFile(join(saved, 'state.json'))];
    },
    mutate: mutatedText,
    read: (path, _bytes, random) => loadDamagedCheckpoint(join(path, '..'), random),
  },
};

/** Loads a checkpoint of which one further file may be damaged for the time of the call. */
async function loadDamagedCheckpoint(folder: string, random: Random): Promise<void> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const entry = oneOf(random, files);
  const path = join(entry.parentPath, entry.name);
  const good = await readFile(path);
  try {
    if (entry.name !== 'state.json')
      await writeFile(path, (entry.name.endsWith('.json') ? mutatedText : mutatedBytes)(good, random));
    await loadCheckpoint(folder);
  } finally {
    await writeFile(path, good);
  }
}
