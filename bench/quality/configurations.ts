/** @file What `bench:quality` trains: configurations of the project, by name, and what runs beside them. */
import type { GanConfig } from '../../trainer/settings/config.js';

/** A data set of the comparison. */
export interface QualityData {
  imageSize: number;
  channels: 1 | 3;
  /** Fraction of them that is not trained on. */
  heldOut: number;
}

export const dataSets = {
  cub: { imageSize: 64, channels: 3, heldOut: 0.25 },
  mnist: { imageSize: 32, channels: 1, heldOut: 0.25 },
} as const satisfies Record<string, QualityData>;

/** The data set that `--data` and `--pictures` name. @throws Error that says what was expected */
export function givenData({ data, pictures }: { data: string; pictures?: string | undefined }): {
  name: keyof typeof dataSets;
  data: QualityData;
  pictures: string;
} {
  if (pictures === undefined) throw new Error('--pictures: expected the folder of CUB-200-2011 or of MNIST; got none');
  if (data !== 'cub' && data !== 'mnist') throw new Error(`--data: expected cub or mnist; got ${data}`);
  return { name: data, data: dataSets[data], pictures };
}

/** What all configurations have, unless theirs says otherwise. */
export const common = {
  preset: 'cub200',
  head: 'conv',
  ngf: 16,
  ndf: 16,
  batchSize: 32,
  lr: 2e-4,
} as const;

const averaged = { ema: 0.999 } as const;
const augmented = { ...averaged, diffaugment: ['color', 'translation', 'cutout'] } as const;

/** What is trained. Each of the first ones has what the one before it has. */
export const configurations: Readonly<Record<string, Partial<GanConfig>>> = {
  ema: averaged,
  diffaugment: augmented,
  r1: { ...augmented, r1: 1 },
  /** By r_v, the default: a tenth of the pictures is held out from training, besides those that all rows are measured with. */
  ada: { ...averaged, ada: true },
  conditional: { ...augmented, conditional: true },
  /** With the Adam of SNGAN, and as narrow as lets a step take less than thrice the time of the others. */
  resnet: {
    ...augmented,
    arch: 'resnet',
    ngf: 8,
    ndf: 8,
    head: 'dense',
    loss: 'hinge',
    spectralNorm: true,
    beta1: 0,
    beta2: 0.9,
  },
};

/** The row that a training gives besides its own: of the generator's last weights, which are those of a training without averages. */
export const unaveraged: Readonly<Record<string, string>> = { ema: 'dcgan' };

/** The rows of PyTorch's tutorial, `torch_dcgan.py`: with its own widths and batch, and with those of the rows above. */
export const tutorials: Readonly<Record<string, { width: number; batch: number }>> = {
  'pytorch-dcgan': { width: 64, batch: 128 },
  'pytorch-dcgan-narrow': { width: common.ngf, batch: common.batchSize },
};
