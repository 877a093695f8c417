/** @file Which of several formats in a folder is meant, and what is told of the others. */
import type { FileTree } from '../../../inference/files/tree.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { InputError } from '../../../onnx/errors.js';
import type { DataOptions, Dataset } from '../sets/dataset.js';
import { systemError } from '../sets/system-error.js';

/** Files, and a format that they can be read as. */
interface Reading {
  format: {
    name: string;
    uses: (path: string) => boolean;
    dataset: (tree: FileTree, options: DataOptions) => Dataset | Promise<Dataset>;
  };
  tree: FileTree;
  /** Whether the files are in archives of a folder. */
  isPacked: boolean;
}

/** A format with this share of another's pictures at most, such as a preview, is not meant. */
const BESIDE = 0.1;

/**
 * The format with the most pictures; of several with as many, the first.
 * @param readings at least one
 * @returns it, and what is told of the others
 * @throws InputError where another has nearly as many pictures and could be meant as well
 */
export async function meantFormat<R extends Reading>(
  source: string,
  readings: readonly R[],
): Promise<{ meant: R; beside: Assumption[] }> {
  const [first, ...more] = readings as readonly [R, ...R[]];
  if (more.length === 0) return { meant: first, beside: [] };
  const counted: { reading: R; count: number }[] = [];
  for (const reading of readings) counted.push({ reading, count: await picturesOf(reading) });
  const [most, ...others] = counted.toSorted((a, b) => b.count - a.count) as [(typeof counted)[number]];
  const shown = ({ reading: { format, tree, isPacked }, count }: (typeof counted)[number]) => {
    const kind = `${format.name}${isPacked ? ' in .zip files' : ''}`;
    return `${count} ${count === 1 ? 'picture' : 'pictures'} (${kind}, such as ${tree.paths.find(format.uses)})`;
  };
  const rival = others.find(({ count }) => count > BESIDE * most.count);
  if (rival)
    throw new InputError({
      name: source,
      expected: 'one kind of data (name the folder or file of one, or move the other away)',
      got: `${shown(most)} and ${shown(rival)}`,
    });
  const because = `beside ${shown(most)}, which are used`;
  const beside = others.map((each) => ({ about: 'passed over', taken: shown(each), because, options: ['data'] }));
  return { meant: most.reading, beside };
}

/** How many pictures are found so: none where there is an error. */
async function picturesOf({ format, tree }: Reading): Promise<number> {
  try {
    return (await format.dataset(tree, {})).length;
  } catch (error) {
    if (error instanceof InputError && systemError(error) === undefined) return 0;
    throw error;
  }
}
