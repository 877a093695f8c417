/** @file Contents of small integer tensors, row by row: the Shape → Gather → Concat → Reshape arithmetic that exporters write. */
import { intsAttribute, numberAttribute, tensorAttribute } from './attributes.js';
import { dimProduct, dimQuotient, isStatic, positiveAxis } from './dims.js';
import type { Dim, Node } from './graph.js';
import { sliceBounds } from './shapes/movement.js';
import { numbersOf } from './tensor.js';
import type { Types } from './types.js';

type Contents = readonly Dim[];

const numeric = (calculate: (a: number, b: number) => number) => (a: Dim, b: Dim) =>
  typeof a === 'number' && typeof b === 'number' ? calculate(a, b) : undefined;

const arithmetic: Record<string, (a: Dim, b: Dim) => Dim | undefined> = {
  Add: numeric((a, b) => a + b),
  Sub: numeric((a, b) => a - b),
  Mul: (a, b) =>
    (typeof a === 'number' && a < 0) || (typeof b === 'number' && b < 0)
      ? numeric((x, y) => x * y)(a, b)
      : dimProduct([a, b]),
  Div: (a, b) => numeric((x, y) => Math.trunc(x / y))(a, b) ?? dimQuotient(a, b),
};

/** The contents of the node's first output, where it is a small integer tensor and its inputs are known. */
export function integerContents(node: Node, types: Types): Contents | undefined {
  const first = types.contents(node.inputs[0] ?? '');
  switch (node.op) {
    case 'Shape': {
      const shape = types.shape(node.inputs[0] as string);
      return shape?.slice(numberAttribute(node, 'start', 0), node.attributes['end'] && numberAttribute(node, 'end'));
    }
    case 'ConstantOfShape': {
      const sizes = types.integers(node.inputs[0]);
      const value = tensorAttribute(node, 'value');
      const integer = value?.type === 'int64' || value?.type === 'int32';
      if (sizes?.length !== 1 || !integer) return undefined;
      return Array.from({ length: sizes[0] as number }, () => numbersOf(value)[0] as number);
    }
    case 'Identity':
    case 'Unsqueeze':
    case 'Squeeze':
    case 'Reshape':
    case 'Cast':
      return isInteger(types, node.outputs[0]) ? first : undefined;
    case 'Expand': {
      const length = types.shape(node.outputs[0] as string);
      if (!first || length?.length !== 1 || typeof length[0] !== 'number') return undefined;
      return first.length === 1 ? Array.from({ length: length[0] }, () => first[0] as Dim) : first;
    }
    case 'Transpose': {
      const shape = types.shape(node.inputs[0] as string);
      if (!first || !shape || shape.length > 2) return undefined;
      const [rows, columns] = shape as [number, number];
      return shape.length < 2
        ? first
        : first.map((_, at) => first[(at % rows) * columns + Math.floor(at / rows)] as Dim);
    }
    case 'Gather': {
      const indices = types.integers(node.inputs[1]);
      if (!first || !indices || !isList(types, node.inputs[0])) return undefined;
      const picked = indices.map((index) => first.at(index));
      return picked.includes(undefined) ? undefined : (picked as Dim[]);
    }
    case 'Slice':
      return first && slicedRows(node, types, first);
    case 'Concat': {
      const parts = node.inputs.map((name) => (isList(types, name) ? types.contents(name) : undefined));
      return parts.includes(undefined) ? undefined : (parts as Contents[]).flat();
    }
    case 'ReduceProd':
      return first && !intsAttribute(node, 'axes') ? [dimProduct(first)] : undefined;
    default:
      return elementwise(node, types);
  }
}

/** A slice of a list, or of the rows of a table. */
function slicedRows(node: Node, types: Types, contents: Contents): Contents | undefined {
  const shape = types.shape(node.inputs[0] as string);
  const [starts, ends] = [types.integers(node.inputs[1]), types.integers(node.inputs[2])];
  const axes = node.inputs[3] ? types.integers(node.inputs[3]) : [0];
  const steps = node.inputs[4] ? types.integers(node.inputs[4]) : [1];
  if (!isStatic(shape) || shape.length > 2 || !starts || !ends || axes?.length !== 1 || !steps) return undefined;
  if (positiveAxis(axes[0] as number, shape.length) !== 0) return undefined;
  const width = shape[1] ?? 1;
  const bounds = sliceBounds(shape[0] as number, starts[0] as number, ends[0] as number, steps[0] as number);
  return Array.from({ length: bounds?.length as number }, (_, index) => {
    const row = (bounds?.start as number) + index * (bounds?.step as number);
    return contents.slice(row * width, (row + 1) * width);
  }).flat();
}

const isList = (types: Types, name: string | undefined) => (types.shape(name ?? '')?.length ?? 2) <= 1;

function isInteger(types: Types, name: string | undefined): boolean {
  const type = types.get(name ?? '')?.type;
  return type === 'int64' || type === 'int32';
}

function elementwise(node: Node, types: Types): Contents | undefined {
  const calculate = Object.hasOwn(arithmetic, node.op) ? arithmetic[node.op] : undefined;
  const type = types.get(node.outputs[0] as string)?.type;
  const [a, b] = node.inputs.map((name) => types.contents(name));
  if (!calculate || !a || !b || (type !== 'int64' && type !== 'int32')) return undefined;
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined;
  const length = Math.max(a.length, b.length);
  const pick = (contents: Contents, index: number) => contents[contents.length === 1 ? 0 : index] as Dim;
  const result = Array.from({ length }, (_, index) => calculate(pick(a, index), pick(b, index)));
  return result.includes(undefined) ? undefined : (result as Dim[]);
}
