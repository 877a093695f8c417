/** @file The classes of a conditional generator's pictures, for records. */
import { className } from '../../labels/meant-class.js';
import type { Generator } from '../../networks/generator.js';

/** A class in a record: its name, or its number where it has none. */
export const recordedClass = ({ classes }: Generator, number: number): { class?: string } =>
  classes ? { class: className(number, classes.names) } : {};

/** The class of each of these latents for records; nothing of generators without classes. */
export function recordedClasses(generator: Generator, latents: Float32Array): (index: number) => { class?: string } {
  const numbers = generator.labelsOf(latents);
  return (index) => (numbers ? recordedClass(generator, numbers[index] as number) : {});
}
