/** @file The class that a conditional discriminator of this package is asked about: the value of its input `label`. */
import { InputError } from '../../onnx/errors.js';
import type { Model } from '../../onnx/graph/graph.js';
import type { Assumption } from '../graphs/assumption.js';
import { className, meantClass, shownInput } from './meant-class.js';

/** The exported input. */
const LABEL = 'label';

/** A class that is taken where none is stated. */
export interface DefaultLabel {
  label: number | string;
  because: string;
}

/** What may be said of the class. */
export interface LabelOptions {
  /** The number or name of the class that a conditional discriminator is asked about. */
  label?: number | string;
  /** Gives it where it is not stated, from the names of the classes; undefined where it cannot tell. */
  defaultLabel?: (names: readonly string[]) => DefaultLabel | undefined;
}

/**
 * The value of a conditional discriminator's input for classes; nothing for other networks, and where `inputs` has a value for it.
 * @param classes their names, of a discriminator that was trained with classes
 * @throws InputError if it is one and no class is known, or the label is none of its classes
 */
export function givenLabel(
  { graph }: Model,
  classes: readonly string[] | undefined,
  { label, defaultLabel }: LabelOptions,
  inputs: Readonly<Record<string, unknown>>,
): { number: number; name: string; assumption: Assumption } | undefined {
  const input = graph.inputs.find(({ name }) => name === LABEL);
  const names = input && classes;
  if (!names) {
    if (label === undefined) return undefined;
    const expected = 'it for conditional discriminators of gan-train only; inputs of others are named by `input`';
    throw new InputError({ name: LABEL, expected, got: label });
  }
  if (LABEL in inputs) {
    if (label !== undefined) throw new InputError({ name: LABEL, conflictsWith: 'input' });
    return undefined;
  }
  const own = label === undefined ? defaultLabel?.(names) : undefined;
  const number = meantClass(label ?? own?.label, shownInput(input), { classes: names.length, names }, []) as number;
  return {
    number,
    name: LABEL,
    assumption: {
      about: LABEL,
      taken: `${number} (${className(number, names)}) of ${names.length}`,
      because: own?.because ?? 'as stated',
      options: [LABEL],
    },
  };
}

/**
 * The class that the folders of pictures are named after, for `defaultLabel`.
 * @throws InputError if there are folders of several classes, or some of no class
 */
export function labelOfFolders(paths: readonly string[]): NonNullable<LabelOptions['defaultLabel']> {
  return (names) => {
    const folders = [...new Set(paths.map((path) => path.split(/[\\/]/).at(-2) ?? ''))];
    const known = folders.filter((folder) => names.includes(folder));
    const [first] = known;
    if (first === undefined) return undefined;
    if (folders.length === 1) return { label: names.indexOf(first), because: "as the pictures' folder is named" };
    const expected = 'one class for all pictures';
    throw new InputError({ name: LABEL, expected, got: `pictures in folders ${folders.slice(0, 5).join(', ')}` });
  };
}
