/** @file The kinds of gan-probe. */
import { networkFlags } from './flags.js';
import type { ProbeKind } from './kind.js';

/** By name, in the order of the help text. */
export const probeKinds = {
  generator: {
    usage: 'generator --box x,y,w,h | --at x,y | --discriminator',
    describe:
      'which numbers of the latent and features make a region of G(z), or the score that a discriminator gives it',
    options: [
      'model',
      'layer',
      'seed',
      'box',
      'at',
      'directions',
      'distance',
      'discriminator',
      'target',
      ...networkFlags,
      'range',
      'latent-dim',
      'label',
    ],
    sources: 'none',
    load: async () => (await import('./generator.js')).runGenerator,
  },
  walk: {
    usage: 'walk --seeds 1,2',
    describe: 'where a discriminator looks while the latent walks from seed to seed',
    options: [
      'model',
      'generator',
      'seeds',
      'frames',
      'loop',
      'fps',
      'format',
      'layer',
      'method',
      'target',
      'box',
      'palette',
      'overlay',
      ...networkFlags,
      'range',
      'latent-dim',
      'label',
    ],
    sources: 'none',
    load: async () => (await import('./walk.js')).runWalk,
  },
  checkpoints: {
    usage: 'checkpoints PICTURE… --models A.onnx B.onnx … | --run RUN',
    describe: 'where the checkpoints of a network look, and how that differs from the last one',
    options: ['models', 'run', 'layer', 'method', 'target', 'boxes', 'palette', 'overlay', ...networkFlags],
    sources: 'some',
    load: async () => (await import('./checkpoints.js')).runCheckpoints,
  },
  concepts: {
    usage: 'concepts PICTURE…',
    describe:
      "of what a layer's activations are sums in many pictures (CRAFT, or DFF), and what that does to the score",
    options: [
      'model',
      'method',
      'count',
      'crop',
      'runs',
      'seed',
      'layer',
      'target',
      'palette',
      'overlay',
      ...networkFlags,
    ],
    sources: 'some',
    load: async () => (await import('./concepts.js')).runConcepts,
  },
  nearest: {
    usage: 'nearest PICTURE… --among FOLDER',
    describe: 'which pictures of a folder are nearest by the features of a network',
    options: ['model', 'among', 'layer', 'count', 'metric', ...networkFlags.filter((name) => name !== 'output')],
    sources: 'some',
    load: async () => (await import('./nearest.js')).runNearest,
  },
} as const satisfies Record<string, ProbeKind>;
