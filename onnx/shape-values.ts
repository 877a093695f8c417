/** @file Contents of small integer tensors: the Shape → Gather → Concat → Reshape arithmetic that exporters write. */
import { intsAttribute, numberAttribute, tensorAttribute } from './attributes.js';
import { dimProduct, dimQuotient } from './dims.js';
import type { Dim, Node } from './graph.js';
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

/** The contents of the node's first output, where it is a small integer tensor of rank 0 or 1 and its inputs are known. */
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
    case 'Cast': {
      const output = types.get(node.outputs[0] as string);
      const integer = output?.type === 'int64' || output?.type === 'int32';
      return integer && (output.shape?.length ?? 2) <= 1 ? first : undefined;
    }
    case 'Gather': {
      const indices = types.integers(node.inputs[1]);
      if (!first || !indices || numberAttribute(node, 'axis', 0) !== 0) return undefined;
      const picked = indices.map((index) => first.at(index));
      return picked.includes(undefined) ? undefined : (picked as Dim[]);
    }
    case 'Slice': {
      const [starts, ends] = [types.integers(node.inputs[1]), types.integers(node.inputs[2])];
      const steps = node.inputs[4] ? types.integers(node.inputs[4]) : [1];
      return first && starts && ends && steps?.[0] === 1 ? first.slice(starts[0], ends[0]) : undefined;
    }
    case 'Concat': {
      const parts = node.inputs.map((name) => types.contents(name));
      return parts.includes(undefined) ? undefined : (parts as Contents[]).flat();
    }
    case 'ReduceProd':
      return first && !intsAttribute(node, 'axes') ? [dimProduct(first)] : undefined;
    default:
      return elementwise(node, types);
  }
}

function elementwise(node: Node, types: Types): Contents | undefined {
  const calculate = arithmetic[node.op];
  const type = types.get(node.outputs[0] as string)?.type;
  const [a, b] = node.inputs.map((name) => types.contents(name));
  if (!calculate || !a || !b || (type !== 'int64' && type !== 'int32')) return undefined;
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined;
  const length = Math.max(a.length, b.length);
  const pick = (contents: Contents, index: number) => contents[contents.length === 1 ? 0 : index] as Dim;
  const result = Array.from({ length }, (_, index) => calculate(pick(a, index), pick(b, index)));
  return result.includes(undefined) ? undefined : (result as Dim[]);
}
