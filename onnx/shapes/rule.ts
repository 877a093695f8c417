/** @file The type of shape rules, and helpers for them. */
import { intsAttribute } from '../graph/attributes.js';
import { positiveAxis } from '../graph/dims.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, type Dim, type Node, type Shape, type ValueType } from '../graph/graph.js';

/** What a shape rule may ask of the values before its node. */
export interface KnownValues {
  /** Type and shape as far as known. */
  get(name: string): ValueType | undefined;
  /** The shape, or undefined where even the rank is unknown. */
  shape(name: string): Shape | undefined;
  /** Elements of a small tensor of numbers, row by row; some may be symbolic sizes, booleans are 0 and 1. */
  contents(name: string): readonly Dim[] | undefined;
  /** Elements that are all plain numbers. */
  numbers(name: string | undefined): readonly number[] | undefined;
  /** Elements that are all plain whole numbers. */
  integers(name: string | undefined): readonly number[] | undefined;
}

/** Types of the node's outputs; undefined where nothing is known. */
export type ShapeRule = (node: Node, types: KnownValues) => readonly (ValueType | undefined)[];

/** Type of the first input. */
export const first = (node: Node, types: KnownValues): ValueType | undefined => types.get(inputOf(node));

/** The first input's element type with another shape. */
export const shaped = (node: Node, types: KnownValues, shape: Shape | undefined): ValueType[] => {
  const type = first(node, types)?.type;
  return type ? [{ type, ...(shape && { shape }) }] : [];
};

/** The shape of an input. @throws InputError where it has fewer axes than the operator needs */
export function shapeOfAtLeast(node: Node, types: KnownValues, index: number, rank: number): Shape | undefined {
  const shape = types.shape(inputOf(node, index));
  if (!shape || shape.length >= rank) return shape;
  throw new InputError({
    name: nodeLabel(node),
    expected: `an input of ${rank} or more axes`,
    got: `[${shape.join()}]`,
  });
}

/** For operators whose output is like their first input. */
export const sameAsInput: ShapeRule = (node, types) => [first(node, types)];

/** The shape that NumPy broadcasting gives. @throws InputError where sizes do not fit. */
export function broadcastShape(shapes: readonly Shape[], label = 'broadcast'): Shape {
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1);
    const sizes = new Set(dims.filter((dim) => typeof dim === 'number' && dim !== 1));
    if (sizes.size > 1) {
      throw new InputError(
        `${label}: shapes ${shapes
          .map((shape) => `[${shape.join()}]`)
          .slice(0, 4)
          .join(' and ')} do not broadcast`,
      );
    }
    const [size] = sizes;
    return size ?? broadcastSymbol(dims.filter((dim) => typeof dim === 'string'));
  });
}

/** Any of several open sizes may be 1 at run time: together they have a symbol of their own, the same in every order. */
function broadcastSymbol(symbols: readonly string[]): Dim {
  const [symbol = 1] = symbols;
  if (symbols.every((other) => other === symbol)) return symbol;
  const parts = symbols.flatMap((each) => each.replaceAll(/\W/g, '_').split('_or_'));
  return [...new Set(parts)].toSorted().join('_or_');
}

/** `axis` in 0…rank−1. @throws InputError naming the node where there is no such axis */
export function axisWithin(node: Node, axis: number, rank: number): number {
  const positive = positiveAxis(axis, rank);
  if (Number.isInteger(positive) && positive >= 0 && positive < rank) return positive;
  throw new InputError({ name: nodeLabel(node), expected: `an axis of ${rank}`, got: `axis ${axis}` });
}

/** Axes of a reduction or of Squeeze/Unsqueeze: an input in this dialect for some operators, an attribute for others. */
export function axesOf(node: Node, types: KnownValues): readonly number[] | undefined {
  const input = node.inputs[1];
  return input ? types.integers(input) : intsAttribute(node, 'axes');
}
