/** @file Options of commands that run generators, also those of others. */
import { latentDistributions } from 'ganscope/inference/options';

/** `givenTexts` reads all that `input` says. */
export const generatorFlags = {
  'latent-distribution': {
    choices: latentDistributions,
    requiresArg: true,
    describe:
      'What the latents of seeds are drawn from: the normal distribution, or uniform numbers of -1…1 [default: normal]',
  },
  input: {
    type: 'string',
    requiresArg: true,
    describe:
      'Further input of a generator as NAME=NUMBERS or NAME=FILE.npy, such as truncation=0.7, the same for each latent; may be given several times',
  },
} as const;
