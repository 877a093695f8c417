/** @file How much of a function's variance depends on each of its inputs: total-order Sobol indices. */
import type { Random } from './random.js';

/** Two independent draws of all inputs, uniform in 0…1. */
export interface Design {
  a: Float64Array;
  b: Float64Array;
}

/** Designs for so many inputs. */
export function drawnDesigns(random: Random, count: number, inputs: number): Design[] {
  const drawn = () => Float64Array.from({ length: inputs }, () => random.uniform());
  return Array.from({ length: count }, () => ({ a: drawn(), b: drawn() }));
}

/**
 * The inputs of one of the `inputs + 1` values that a design needs: first a, then a with each input in turn taken from b.
 * @param number of the value, over all designs
 */
export function designedInputs(designs: readonly Design[], inputs: number, number: number): Float64Array {
  const { a, b } = designs[Math.floor(number / (inputs + 1))] as Design;
  const changed = (number % (inputs + 1)) - 1;
  return changed < 0 ? a : a.with(changed, b[changed] as number);
}

/**
 * Total-order indices by Jansen's estimator (1999): Σ_n (f(a_n) − f(c_n))² / (2·N·V), c_n being a_n with the one input from b_n,
 * V the variance of f(a). All are 0 where V is.
 * @param values of each design: that of a, then those of a with one input changed
 * @param starts where the values of each design begin
 */
export function totalIndices(values: ArrayLike<number>, starts: readonly number[], inputs: number): Float64Array {
  const own = starts.map((start) => values[start] as number);
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1);
  return Float64Array.from({ length: inputs }, (_, input) => {
    const changes = starts.reduce(
      (sum, start) => sum + ((values[start] as number) - (values[start + 1 + input] as number)) ** 2,
      0,
    );
    return variance === 0 ? 0 : changes / (2 * own.length * variance);
  });
}
