/** @file Options of activation maximisation, with their defaults and limits. */
import type { Assumption } from '../../../inference/graphs/assumption.js';
import type { GeneratorOptions } from '../../../inference/networks/generator.js';
import type { ModelSource } from '../../../inference/networks/model-source.js';
import { InputError } from '../../../onnx/errors.js';
import type { ExplainerOptions } from '../../maps/explain-options.js';
import type { TargetChoice } from '../../targets/target-choice.js';
import type { ChannelChoice } from './objective.js';

/** What a picture is made of. */
export const parameterizations = ['fourier', 'pixels'] as const;
export type Parameterization = (typeof parameterizations)[number];

/** How the picture is found. */
export interface AscentOptions {
  /** Default 256. */
  steps?: number;
  /** Size of a step: Adam's rate (default 0.05), of pixels the root mean square change (default 0.02 of white). */
  rate?: number;
  /** Seed of the picture to begin with (of its latent with a generator), and of its moves. Default 0. */
  seed?: number;
  /** What is maximised over, default `fourier`; not with a generator. */
  parameterization?: Parameterization;
  /** Pixels by which the picture is moved at random in each step, at most: default a 16th of the shorter side; 0 with a generator. */
  jitter?: number;
  /** By how much it is enlarged or made smaller at random in each step, at most: default 0.1, which is 0.9…1.1; 0 with a generator. */
  zoom?: number;
  /** Weight of the total variation, default 0. */
  tv?: number;
  /** Weight of the squares of levels beside grey, default 0; with a generator of the squares of the latent's numbers, default 1. */
  l2?: number;
  /** Standard deviation, in pixels, of the blur after every fourth step of `pixels`; default 0. */
  blur?: number;
}

/** What is maximised, and how. */
export interface MaximiseOptions
  extends AscentOptions, Omit<ExplainerOptions, 'similarTo' | 'randomWeights' | 'progress_callback'> {
  /** Scores, one picture for each: classes, differences, or the only score of a network, which is the default there. */
  targets?: TargetChoice | readonly TargetChoice[];
  /** Channels of a layer instead, one picture for each. */
  units?: ChannelChoice;
  /** Maximise over the latent of this generator instead of over a picture. */
  generator?: GeneratorOptions & { source: ModelSource };
  /** Keep the picture of every so many steps. */
  every?: number;
  /** Told what is assumed of the networks. */
  onAssumed?: (assumptions: readonly Assumption[]) => void;
  progress_callback?: (done: number, total: number, note?: string) => void;
}

/** How a picture was found: all options of the ascent. */
export interface Ascent extends Required<Omit<AscentOptions, 'parameterization'>> {
  /** With a generator its latent. */
  parameterization: Parameterization | 'latent';
}

const MAX_STEPS = 100_000;

/**
 * The options, with defaults.
 * @param side the shorter one of the picture
 * @throws InputError for those out of range, or that a generator does not have
 */
export function checkedAscent(
  given: { [Name in keyof AscentOptions]: AscentOptions[Name] | undefined },
  side: number,
  hasGenerator: boolean,
): Ascent {
  const { parameterization: asked = 'fourier' } = given;
  if (hasGenerator)
    for (const name of ['parameterization', 'blur'] as const)
      if (given[name] !== undefined) throw new InputError({ name, conflictsWith: 'generator' });
  const isPixels = !hasGenerator && asked === 'pixels';
  const ascent: Ascent = {
    steps: 256,
    rate: isPixels ? 0.02 : 0.05,
    seed: 0,
    parameterization: hasGenerator ? 'latent' : asked,
    jitter: hasGenerator ? 0 : Math.round(side / 16),
    zoom: hasGenerator ? 0 : 0.1,
    tv: 0,
    l2: hasGenerator ? 1 : 0,
    blur: 0,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  const expect = (name: keyof AscentOptions, expected: string, isFine: boolean) => {
    if (!isFine) throw new InputError({ name, expected, got: ascent[name] });
  };
  const { steps, rate, seed, jitter, zoom, tv, l2, blur } = ascent;
  expect('parameterization', parameterizations.join(' or '), parameterizations.includes(asked));
  expect('steps', `an integer of 1…${MAX_STEPS}`, Number.isInteger(steps) && steps >= 1 && steps <= MAX_STEPS);
  expect('rate', 'a number above 0', rate > 0 && Number.isFinite(rate));
  expect('seed', 'an integer of 0…2^53 − 1', Number.isSafeInteger(seed) && seed >= 0);
  expect('jitter', `an integer of 0…${side - 1}`, Number.isInteger(jitter) && jitter >= 0 && jitter < side);
  expect('zoom', 'a number of 0…0.5', zoom >= 0 && zoom <= 0.5);
  expect('tv', 'a number of at least 0', tv >= 0 && Number.isFinite(tv));
  expect('l2', 'a number of at least 0', l2 >= 0 && Number.isFinite(l2));
  expect('blur', `a number of 0…${side / 4}`, blur >= 0 && blur <= side / 4);
  if (blur > 0 && !isPixels)
    throw new InputError({ name: 'blur', expected: 'it with the parameterization "pixels" only', got: blur });
  return ascent;
}
