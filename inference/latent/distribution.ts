/** @file What latents of seeds may be drawn from. */
import { InputError } from '../../onnx/errors.js';

/** The standard normal distribution, or all numbers of −1…1, as in Radford et al. 2016. */
export const latentDistributions = ['normal', 'uniform'] as const;
export type LatentDistribution = (typeof latentDistributions)[number];

/** @throws InputError for a name that is none of a distribution */
export function checkDistribution(name: LatentDistribution): void {
  if (latentDistributions.includes(name)) return;
  throw new InputError({ name: 'latentDistribution', expected: latentDistributions.join(' or '), got: name });
}
