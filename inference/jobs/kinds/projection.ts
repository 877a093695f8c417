/** @file A projection job: the latent whose picture is nearest to a given one. */
import { InputError } from '../../../onnx/errors.js';
import { overwriteOption } from '../options/animation.js';
import { checkInteger, checkSeed, namesFile } from '../options/checks.js';
import { commonOptions, jobKind, number, text } from '../options/option.js';
import { discriminatorOption } from '../options/ranking.js';
import { seedOption } from '../options/source.js';

/** A picture to find the latent of. */
export interface ProjectionJob {
  kind: 'projection';
  /** The picture's file. */
  picture: string;
  steps: number;
  /** Number of starts; the best result is taken. */
  restarts: number;
  seed: number;
  learningRate: number;
  /** Weight of the discriminator's features in the loss; 0 leaves the discriminator out. */
  featureWeight: number;
  /** The discriminator's file; the one beside the generator if not given. */
  discriminator: string | undefined;
  saveLatents: string | undefined;
  /** A folder. */
  out: string;
  /** Also write into a folder with other files. */
  overwrite: boolean;
}

export const projection = jobKind({
  title: 'Projection',
  trigger: 'project',
  options: {
    ...commonOptions,
    ...seedOption,
    ...discriminatorOption,
    ...overwriteOption,
    project: text('Find the latent whose picture is nearest to this picture file'),
    steps: number('Optimizer steps of `project` [default: 300]'),
    restarts: number('Starts of `project`; the best result is taken [default: 8]'),
    learningRate: number('Learning rate of `project` [default: 0.1]'),
    featureWeight: number(
      "Weight of the discriminator's features in the loss of `project` [default: 0, which compares pixels only]",
    ),
  },
  check(request): ProjectionJob {
    const { project: picture = '', steps = 300, restarts = 8, seed = 0, learningRate = 0.1 } = request;
    const { featureWeight = 0, discriminator, saveLatents, out = 'projection', overwrite = false } = request;
    if (picture === '') throw new InputError({ name: 'project', expected: 'a picture file', got: 'nothing' });
    checkInteger('steps', steps, 1, 100_000);
    checkInteger('restarts', restarts, 1, 1024);
    checkSeed(seed);
    if (!(learningRate > 0 && learningRate <= 10)) {
      throw new InputError({ name: 'learningRate', expected: 'a number above 0 and at most 10', got: learningRate });
    }
    if (!(featureWeight >= 0 && featureWeight <= 1e6)) {
      throw new InputError({ name: 'featureWeight', expected: 'a number of 0…1e6', got: featureWeight });
    }
    if (discriminator !== undefined && featureWeight === 0) {
      throw new InputError({ name: 'discriminator', expected: 'to be used with a `featureWeight` above 0' });
    }
    namesFile(out, []);
    const search = { steps, restarts, seed, learningRate, featureWeight, discriminator };
    return { kind: 'projection', picture, ...search, saveLatents, out, overwrite };
  },
});
