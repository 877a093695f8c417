/** @file Resource limits for model files. Every limit is far above any network in use; a model that exceeds one is refused. */
import { InputError } from '../errors.js';

interface Limit {
  most: number;
  /** What is counted, to be read after the number. */
  unit: string;
}

const limits = {
  /** Of the protobuf message: nodes, attributes, names, sizes … */
  fields: { most: 4_000_000, unit: 'fields in the file' },
  /** Of all graphs in the file; again of the main graph after its functions are inlined. */
  nodes: { most: 50_000, unit: 'nodes' },
  nodeInputs: { most: 10_000, unit: 'inputs and outputs of one node' },
  /** Subgraphs in subgraphs, functions that call functions. */
  depth: { most: 64, unit: 'nested graphs, types or function calls' },
  calls: { most: 100_000, unit: 'calls of functions' },
  nameLength: { most: 10_000, unit: 'characters in a name' },
  /** Inlined functions repeat the names of their callers. */
  nameCharacters: { most: 2 ** 26, unit: 'characters in the names of inlined nodes' },
  rank: { most: 32, unit: 'axes' },
  /** Of one value, its open sizes left out. */
  elements: { most: 2 ** 28, unit: 'elements in a tensor' },
  /** Of all values together that a graph computes from constants alone. */
  computedElements: { most: 200_000_000, unit: 'elements in constants that the graph computes' },
  /** Of one constant that a gradient rule makes: interpolation matrices, positions of windows. */
  ruleElements: { most: 2 ** 26, unit: 'elements in a constant of the gradient' },
  /** Of one recurrent layer or Loop: each step becomes nodes of its own. */
  unrolledSteps: { most: 512, unit: 'unrolled steps' },
  /** Of one run: pictures that go in, or scores that come out. */
  runElements: { most: 2 ** 26, unit: 'numbers per run' },
  pictureSide: { most: 8192, unit: 'pixels a side' },
  classes: { most: 2 ** 20, unit: 'scores per position' },
  /** Of reading, upgrading and shape inference. */
  seconds: { most: 60, unit: 'seconds' },
} satisfies Record<string, Limit>;

/** What is limited. */
export type LimitName = keyof typeof limits;

/** The limit itself. */
export function limitOf(limit: LimitName): number {
  return limits[limit].most;
}

/** A model asks for more than is allowed. */
export class LimitError extends InputError {}

/** @throws LimitError that says which limit was passed, unless `found` is within it */
export function expectWithin(limit: LimitName, found: number, name: string): void {
  const { most, unit } = limits[limit];
  if (found <= most) return;
  throw new LimitError({ name, expected: `at most ${most} ${unit}`, got: found });
}

/** Stops work that takes far longer than any real model needs. */
export class Deadline {
  readonly #end = Date.now() + 1000 * limits.seconds.most;
  #calls = 0;

  /** @throws LimitError once the time is over */
  check(name: string): void {
    this.#calls++;
    if (this.#calls % 64 === 0 && Date.now() > this.#end) expectWithin('seconds', limits.seconds.most + 1, name);
  }
}
