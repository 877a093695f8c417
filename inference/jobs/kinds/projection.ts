/** @file A projection job: the latent whose picture is nearest to a given one. */
import { InputError } from '../../../onnx/errors.js';
import { checkInteger, checkSeed, namesFile, type SampleRequest } from '../request.js';

/** A picture to find the latent of. */
export interface ProjectionJob {
  kind: 'projection';
  /** The picture's file. */
  picture: string;
  steps: number;
  /** Starts, of which the best result is taken. */
  restarts: number;
  seed: number;
  learningRate: number;
  /** Weight of the discriminator's features in the loss; 0 leaves the discriminator out. */
  featureWeight: number;
  /** The discriminator's file; the latest export if not given. */
  discriminator: string | undefined;
  saveLatents: string | undefined;
  /** A folder. */
  out: string;
}

/** @throws InputError for values out of range */
export function projectionJob(request: SampleRequest): ProjectionJob {
  const { project = '', steps = 300, restarts = 8, seed = 0, learningRate = 0.1, featureWeight = 0 } = request;
  const { discriminator, saveLatents, out = 'projection' } = request;
  if (project === '') throw new InputError({ name: 'project', expected: 'a picture file', got: 'nothing' });
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
    throw new InputError({
      name: 'discriminator',
      expected: 'it together with a `featureWeight` above 0',
      got: 'it alone',
    });
  }
  namesFile(out, []);
  return {
    kind: 'projection',
    picture: project,
    steps,
    restarts,
    seed,
    learningRate,
    featureWeight,
    discriminator,
    saveLatents,
    out,
  };
}
