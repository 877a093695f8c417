/** @file The random subsets of KID, how many there are, and which pictures' features are needed in the end. */
import { Random } from '../../../inference/numeric/random.js';
import { InputError } from '../../../onnx/errors.js';

/** The subsets that KID is the mean over. */
export interface KernelPlan {
  subsets: number;
  /** Samples per subset. */
  subsetSize: number;
  seed: number;
  /** The first so many of each set are needed too: for precision and recall. */
  manifold: number;
}

export interface SubsetOptions {
  /** Number of random subsets; default 100, as in torch-fidelity. */
  subsets?: number | undefined;
  /** Samples per subset; default 1000, or half of the smaller set if that is less. */
  subsetSize?: number | undefined;
  /** Most pictures of each set that precision, recall, density and coverage are measured on; default 10,000, 0: none. */
  manifoldSamples?: number | undefined;
  /** Seed of the random subsets. */
  seed?: number | undefined;
}

/** One of the two sets: subsets of the two are drawn independently. */
export type SetRole = 'real' | 'fake';

/** Pictures in a subset, if sets are large enough. */
export const DEFAULT_SUBSET = 1000;
/** Pictures of each set that precision and recall are measured on, as in Naeem et al. */
export const DEFAULT_MANIFOLD = 10_000;

/**
 * The subsets of two sets with so many samples.
 * @throws InputError for too few samples for different subsets
 */
export function kernelPlan(realCount: number, fakeCount: number, options: SubsetOptions = {}): KernelPlan {
  const { subsets = 100, seed = 0, manifoldSamples: manifold = DEFAULT_MANIFOLD } = options;
  if (!Number.isInteger(manifold) || manifold < 0) {
    throw new InputError({ name: 'manifoldSamples', expected: 'a whole number of at least 0', got: manifold });
  }
  if (!Number.isInteger(subsets) || subsets < 1) {
    throw new InputError({ name: 'subsets', expected: 'a whole number of at least 1', got: subsets });
  }
  const smaller = Math.min(realCount, fakeCount);
  const subsetSize = options.subsetSize ?? Math.min(DEFAULT_SUBSET, Math.floor(smaller / 2));
  const canDiffer = subsetSize < Math.max(realCount, fakeCount) || subsets === 1;
  if (options.subsetSize === undefined && subsetSize < 2) {
    const got = `${realCount} and ${fakeCount}`;
    throw new InputError({ name: 'pictures', expected: 'at least 4 in each set', got });
  }
  if (!Number.isInteger(subsetSize) || subsetSize < 2 || subsetSize > smaller || !canDiffer) {
    throw new InputError({
      name: 'subsetSize',
      expected: 'at least 2 pictures, and fewer than there are, so that subsets differ',
      got: `${subsetSize} of ${realCount} and ${fakeCount}`,
    });
  }
  return { subsets, subsetSize, seed, manifold };
}

/** The samples of a subset, of `count` in a set. */
export function subsetRows(
  count: number,
  role: SetRole,
  subset: number,
  { subsetSize, seed }: KernelPlan,
): Uint32Array {
  return Random.derived(seed, `kernel-distance/${role}/${subset}`).shuffled(count).slice(0, subsetSize);
}

/** Whether the features of all samples of a set are kept: no more than subsets, or precision and recall, may need. */
export const keepsAll = (count: number, { subsets, subsetSize, manifold }: KernelPlan): boolean =>
  count <= Math.max(subsets * subsetSize, manifold);

/**
 * The samples that are needed by their features, in ascending order: the first ones, and those of all subsets. Of a set that is not
 * larger than that, all: it is known then without drawing the subsets, and holds when some pictures turn out to be broken.
 */
export function neededRows(count: number, role: SetRole, plan: KernelPlan): Uint32Array {
  if (keepsAll(count, plan)) return Uint32Array.from({ length: count }, (_, i) => i);
  const needed = new Set(Array.from({ length: Math.min(count, plan.manifold) }, (_, i) => i));
  for (let subset = 0; subset < plan.subsets; subset++)
    for (const row of subsetRows(count, role, subset, plan)) needed.add(row);
  return Uint32Array.from(needed).sort();
}
