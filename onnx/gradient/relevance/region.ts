/** @file The part of a network between its picture and the first layers, such as a normalization of the pixels. */
import type { GraphBuilder } from '../../build/build.js';
import type { Node } from '../../graph/graph.js';
import { WEIGHTED_SUMS } from '../operators.js';
import { expandedLike } from '../rules/common.js';
import type { Backward } from '../rules/rule.js';
import { gradientRules, type KnownOp } from '../table.js';
import { STABILIZER } from './composite.js';
import type { Flow } from './flow.js';
import { stabilized, sumOf } from './layers.js';
import { MOVED, PREPARING } from './operators.js';

/** The least and the largest value of pixels: names of values that can be broadcast to the picture. */
export interface PixelRange {
  low: string;
  high: string;
}

/** Values that are the picture in other units, order or size. Gradients of them are relevances themselves. */
export class Region {
  readonly #values: Set<string>;
  /** In topological order. */
  readonly #nodes: readonly Node[];
  readonly #low = new Map<string, string>();
  readonly #high = new Map<string, string>();

  constructor(
    readonly b: GraphBuilder,
    readonly flow: Flow,
    readonly range?: PixelRange,
  ) {
    this.#values = new Set([flow.picture]);
    this.#nodes = b.graph.nodes.filter((node) => {
      if (!isPreparing(node, flow) || !node.inputs.every((name) => !flow.depends(name) || this.#values.has(name)))
        return false;
      for (const output of node.outputs) this.#values.add(output);
      return true;
    });
  }

  has(value: string): boolean {
    return this.#values.has(value);
  }

  /** The least and the largest numbers that a value of the region can have, of its shape. */
  boundsOf(value: string): [string, string] {
    const { b, flow, range } = this;
    if (!range) throw new Error('the box rule needs the range of pixels');
    const ends = (
      [
        [this.#low, range.low],
        [this.#high, range.high],
      ] as const
    ).map(([made, end]) => {
      if (made.size === 0) made.set(flow.picture, expandedLike(b, end, flow.picture));
      return this.#copied(value, made);
    }) as [string, string];
    // A factor may be negative.
    return value === flow.picture ? ends : [b.op('Min', ends, {}, 'low'), b.op('Max', ends, {}, 'high')];
  }

  /** Ones for the pixels of a value, zeros for what stands beside them, such as padding. */
  pixelsOf(value: string): string {
    const { b, flow } = this;
    const made = new Map<string, string>();
    const filled = (name: string, number: number) => expandedLike(b, b.scalarLike(name, number), name);
    const pixels = (name: string) => made.get(name) ?? filled(name, name === flow.picture ? 1 : 0);
    for (const node of this.#nodesBefore(value, isSum)) {
      if (!moved.has(node.op)) {
        const data = node.inputs.find((name) => flow.depends(name)) as string;
        for (const name of node.outputs) made.set(name, isSum(node) ? filled(name, 1) : pixels(data));
        continue;
      }
      const data = node.op === 'Concat' ? node.inputs : node.inputs.slice(0, 1);
      // Padding is 0, whatever number it is in the network.
      const others = node.op === 'Pad' ? [node.inputs[1], '', ...node.inputs.slice(3)] : node.inputs.slice(data.length);
      const inputs = [...data.map(pixels), ...(others as string[])];
      const outputs = node.outputs.map((name) => b.unique(`${name}_pixels`));
      b.append({ ...node, name: b.unique(`${node.name}_pixels`), inputs, outputs });
      node.outputs.forEach((name, index) => made.set(name, outputs[index] as string));
    }
    return pixels(value);
  }

  #copied(value: string, made: Map<string, string>): string {
    const { b } = this;
    for (const node of this.#nodesBefore(value, ({ outputs }) => made.has(outputs[0] as string))) {
      if (made.has(node.outputs[0] as string)) continue;
      const inputs = node.inputs.map((name) => made.get(name) ?? name);
      const outputs = node.outputs.map((name) => b.unique(`${name}_end`));
      b.append({ ...node, name: b.unique(`${node.name}_end`), inputs, outputs });
      node.outputs.forEach((name, index) => made.set(name, outputs[index] as string));
    }
    return made.get(value) ?? value;
  }

  /** The region's nodes that a value is computed by, in topological order; of those before some nodes none. */
  #nodesBefore(value: string, isFirst: (node: Node) => boolean): Node[] {
    const needed = new Set([value]);
    const nodes = this.#nodes.toReversed().filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      if (!isFirst(node)) for (const name of node.inputs) needed.add(name);
      return true;
    });
    return nodes.toReversed();
  }
}

function isPreparing({ domain, op, inputs }: Node, flow: Flow): boolean {
  if (domain !== '' || !inputs.some((name) => flow.depends(name))) return false;
  const others = inputs.filter((name) => !flow.depends(name)).length;
  if (op === 'Add' || op === 'Sub' || op === 'Mul') return others === 1;
  return op === 'Div' ? flow.depends(inputs[0] as string) && others === 1 : PREPARING.has(op);
}

const moved: ReadonlySet<string> = new Set<KnownOp>(MOVED.filter((op) => op !== 'Neg' && op !== 'DequantizeLinear'));
const summed: ReadonlySet<string> = new Set(WEIGHTED_SUMS);
const isSum = ({ op }: Node): boolean => summed.has(op) && !moved.has(op);

/**
 * How the relevance of a region's value goes to the value before it. Constants take nothing but what stands beside the picture.
 * @param keep told a scalar that does not reach the picture
 */
export const preparingRule = (backward: Backward, keep: (scalar: string) => void): readonly (string | null)[] => {
  const { b, node, x, y, g, wanted } = backward;
  const rule = gradientRules[node.op as KnownOp];
  if (moved.has(node.op)) {
    const given = rule(backward);
    const reached = given.flatMap((each, index) => (each !== null && wanted(index) ? [sumOf(b, each)] : []));
    if (node.op === 'Pad' || node.op === 'Concat') keep(reached.reduce((left, part) => b.sub(left, part), sumOf(b, g)));
    return given;
  }
  if (!summed.has(node.op) || node.op === 'BatchNormalization') return x.map((_, index) => (wanted(index) ? g : null));
  const shares = b.div(g, stabilized(b, y[0], STABILIZER), 'shares');
  const [sums] = rule({ ...backward, g: shares, dy: [shares] });
  return x.map((value, index) => (index === 0 && sums ? b.mul(value, sums) : null));
};
