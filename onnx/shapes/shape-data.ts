/** @file Computes the values of small tensors of numbers, such as the sizes that exporters compute with Shape, Gather and Concat. */
import { intsAttribute, numberAttribute, tensorAttribute } from '../graph/attributes.js';
import { dimProduct, dimQuotient, isStatic, positiveAxis } from '../graph/dims.js';
import { inputOf, outputOf, type DataType, type Dim, type Node } from '../graph/graph.js';
import { sliceBounds } from './movement.js';
import { oneHotContents } from './regions.js';
import { numbersOf } from '../graph/tensor.js';
import type { KnownValues } from './rule.js';

/** Tensors of numbers up to this many elements are tracked as sizes and factors of sizes; larger ones are no shapes. */
export const MAX_TRACKED = 64;

type Contents = readonly Dim[];
type Calculation = (a: Dim, b: Dim) => Dim | undefined;

const numeric =
  (calculate: (a: number, b: number) => number): Calculation =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? calculate(a, b) : undefined;

const isNegative = (value: Dim) => typeof value === 'number' && value < 0;

/** A symbolic size is equal to itself and never to a negative number. Other comparisons are unknown. */
const equal: Calculation = (a, b) =>
  typeof a === typeof b ? (a === b ? 1 : numeric(() => 0)(a, b)) : isNegative(a) || isNegative(b) ? 0 : undefined;

const product: Calculation = (a, b) =>
  [a, b].some((value) => typeof value === 'number' && !(Number.isInteger(value) && value >= 0))
    ? numeric((x, y) => x * y)(a, b)
    : dimProduct([a, b]);

/** Binary operators on integers and floats. Integer division rounds towards zero. */
const arithmetic: Record<string, Calculation> = {
  And: (a, b) => (a === 0 || b === 0 ? 0 : numeric((x, y) => x && y)(a, b)),
  Add: (a, b) => (a === 0 ? b : b === 0 ? a : numeric((x, y) => x + y)(a, b)),
  Div: (a, b) => (a === b && a !== 0 ? 1 : (numeric((x, y) => x / y)(a, b) ?? wholeQuotient(a, b))),
  Equal: equal,
  Greater: numeric((a, b) => Number(a > b)),
  GreaterOrEqual: numeric((a, b) => Number(a >= b)),
  Less: numeric((a, b) => Number(a < b)),
  LessOrEqual: numeric((a, b) => Number(a <= b)),
  Max: numeric(Math.max),
  Min: numeric(Math.min),
  Mod: numeric((a, b) => a - b * Math.floor(a / b)),
  Mul: product,
  Or: numeric((a, b) => a || b),
  Pow: numeric((a, b) => a ** b),
  Sub: (a, b) => (b === 0 ? a : a === b ? 0 : numeric((x, y) => x - y)(a, b)),
};

/** What a node computes of two elements. */
function calculationOf(node: Node): Calculation | undefined {
  if (node.op === 'Mod' && numberAttribute(node, 'fmod', 0) === 1) return numeric((a, b) => a % b);
  return Object.hasOwn(arithmetic, node.op) ? arithmetic[node.op] : undefined;
}

function wholeQuotient(a: Dim, b: Dim): Dim | undefined {
  return [a, b].every((value) => typeof value === 'string' || (Number.isInteger(value) && value > 0))
    ? dimQuotient(a, b)
    : undefined;
}

/** Unary operators. Symbolic sizes are non-negative integers: all operators here except those of `changing` leave them unchanged. */
const unary: Record<string, (value: number) => number> = {
  Abs: Math.abs,
  Ceil: Math.ceil,
  Floor: Math.floor,
  Neg: (value) => -value,
  Not: (value) => Number(value === 0),
  Reciprocal: (value) => 1 / value,
  Sqrt: Math.sqrt,
  Round: (value) => (value % 1 === 0.5 || value % 1 === -0.5 ? 2 * Math.round(value / 2) : Math.round(value)),
};

const changing = new Set(['Neg', 'Not', 'Reciprocal', 'Sqrt']);

/** `length` elements, or undefined where they are too many to be sizes. */
function listOf(length: Dim | undefined, element: (index: number) => Dim): Contents | undefined {
  return typeof length === 'number' && length <= MAX_TRACKED
    ? Array.from({ length }, (_, at) => element(at))
    : undefined;
}

/** The values of the node's first output, if it is a small tensor of numbers and its inputs are known. */
export function contentsOf(node: Node, types: KnownValues): Contents | undefined {
  const first = types.contents(inputOf(node));
  switch (node.op) {
    case 'Shape': {
      const shape = types.shape(inputOf(node));
      return shape?.slice(numberAttribute(node, 'start', 0), node.attributes['end'] && numberAttribute(node, 'end'));
    }
    case 'Size': {
      const shape = types.shape(inputOf(node));
      return shape && [dimProduct(shape)];
    }
    case 'ConstantOfShape': {
      const sizes = types.integers(node.inputs[0]);
      const value = tensorAttribute(node, 'value');
      if (!sizes || sizes.length > 1) return undefined;
      const fill = value ? (numbersOf(value)[0] ?? 0) : 0;
      return listOf(sizes[0] ?? 1, () => fill);
    }
    case 'Identity':
    case 'Unsqueeze':
    case 'Squeeze':
    case 'Reshape':
    case 'Flatten':
      return first;
    case 'Cast': {
      const type = types.get(outputOf(node))?.type;
      return type === types.get(inputOf(node))?.type ? first : first && heldBy(type, first);
    }
    case 'Expand':
    case 'Tile': {
      const length = types.shape(outputOf(node));
      if (!first || first.length === 0 || length?.length !== 1) return undefined;
      return listOf(length[0], (index) => first[index % first.length] as Dim);
    }
    case 'Transpose':
      return first && transposed(node, types, first);
    case 'Gather': {
      const indices = types.integers(node.inputs[1]);
      if (!first || !indices || !isList(types, node.inputs[0])) return undefined;
      const picked = indices.map((index) => first.at(index));
      return picked.includes(undefined) ? undefined : (picked as Dim[]);
    }
    case 'Slice':
      return first && slicedRows(node, types, first);
    case 'Concat': {
      const length = types.shape(outputOf(node))?.[0] ?? 1;
      if (typeof length !== 'number' || length > MAX_TRACKED) return undefined;
      const parts = node.inputs.map((name) => (isList(types, name) ? types.contents(name) : undefined));
      return parts.includes(undefined) ? undefined : (parts as Contents[]).flat();
    }
    case 'Range': {
      const [start, limit, delta] = node.inputs.map((name) => types.integers(name)?.[0]);
      if (start === undefined || limit === undefined || delta === undefined) return undefined;
      return listOf(types.shape(outputOf(node))?.[0], (index) => start + index * delta);
    }
    case 'ReduceProd':
    case 'ReduceMax':
    case 'ReduceMin':
    case 'ReduceSum':
      return first && isWhole(node, types) ? reducedList(node, types, first) : undefined;
    case 'OneHot':
      return oneHotContents(node, types);
    case 'Where':
      return chosen(node, types);
    case 'Clip':
      return first && clipped(node, types, first);
    default:
      return elementwise(node, types);
  }
}

/** Whether a reduction takes all elements: those of a list, or of any tensor where no axes are named. */
function isWhole(node: Node, types: KnownValues): boolean {
  const named = intsAttribute(node, 'axes') ?? (inputOf(node, 1) ? types.integers(node.inputs[1]) : []);
  if (named?.length === 0) return numberAttribute(node, 'noop_with_empty_axes', 0) === 0;
  return named !== undefined && isList(types, node.inputs[0]);
}

function reducedList({ op, outputs: [output = ''] }: Node, types: KnownValues, values: Contents): Contents | undefined {
  const type = types.get(output)?.type;
  if (op === 'ReduceProd') return heldBy(type, [dimProduct(values)]);
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length || numbers.length === 0) return undefined;
  if (op === 'ReduceSum') return heldBy(type, [numbers.reduce((a, b) => a + b)]);
  return [op === 'ReduceMax' ? Math.max(...numbers) : Math.min(...numbers)];
}

/** A list as it is, or a table with its axes in the order of `perm`. */
function transposed(node: Node, types: KnownValues, contents: Contents): Contents | undefined {
  const shape = types.shape(inputOf(node));
  if (!isStatic(shape) || shape.length > 2) return undefined;
  const [rows, columns] = shape;
  const isExchanged = positiveAxis(intsAttribute(node, 'perm')?.[0] ?? 1, 2) === 1;
  if (rows === undefined || columns === undefined || !isExchanged) return contents;
  return contents.map((_, at) => contents[(at % rows) * columns + Math.floor(at / rows)] as Dim);
}

/** A slice of a list, or of the rows of a table. */
function slicedRows(node: Node, types: KnownValues, contents: Contents): Contents | undefined {
  const shape = types.shape(inputOf(node));
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

const isList = (types: KnownValues, name: string | undefined) => (types.shape(name ?? '')?.length ?? 2) <= 1;

/** Numbers of these types are from −limit to below limit. */
const integerLimits: { readonly [T in DataType]?: number } = { int32: 2 ** 31, int64: 2 ** 63 };

/** Results as a tensor of this type holds them; undefined where that is unknown, as of integers that wrap around. */
function heldBy(type: DataType | undefined, values: readonly (Dim | undefined)[]): Contents | undefined {
  const limit = type && integerLimits[type];
  const held = values.map((value) => {
    if (typeof value !== 'number') return type === 'bool' ? undefined : value;
    if (type === 'bool') return Number(value !== 0);
    if (limit === undefined) return Math.fround(value);
    const whole = Math.trunc(value);
    return whole >= -limit && whole < limit ? whole : undefined;
  });
  return held.includes(undefined) ? undefined : (held as Dim[]);
}

/** Combines lists element by element. A list of one element is repeated. */
function rowsOf(lists: readonly (Contents | undefined)[]): Dim[][] | undefined {
  const known = lists.filter((list) => list !== undefined);
  const length = known.some((list) => list.length === 0) ? 0 : Math.max(...known.map((list) => list.length));
  if (known.length < lists.length || known.some((list) => list.length !== length && list.length !== 1))
    return undefined;
  return Array.from({ length }, (_, index) => known.map((list) => list[list.length === 1 ? 0 : index] as Dim));
}

function chosen(node: Node, types: KnownValues): Contents | undefined {
  const rows = rowsOf(node.inputs.map((name) => types.contents(name)));
  const values = rows?.map(([condition, yes, no]) => (condition === 1 ? yes : condition === 0 ? no : undefined));
  return values?.includes(undefined) ? undefined : (values as Dim[] | undefined);
}

/** Clip. A symbolic size is a non-negative integer, so bounds that cannot change it leave it unchanged. */
function clipped(node: Node, types: KnownValues, contents: Contents): Contents | undefined {
  const bound = (at: number, none: number) => (inputOf(node, at) ? types.numbers(inputOf(node, at))?.[0] : none);
  const [least, most] = [bound(1, Number.NEGATIVE_INFINITY), bound(2, Number.POSITIVE_INFINITY)];
  if (least === undefined || most === undefined) return undefined;
  const keepsSizes = least <= 0 && most >= 2 ** 31 - 1;
  const values = contents.map((value) =>
    typeof value === 'number' ? Math.min(Math.max(value, least), most) : keepsSizes ? value : undefined,
  );
  return values.includes(undefined) ? undefined : (values as Dim[]);
}

function elementwise(node: Node, types: KnownValues): Contents | undefined {
  const calculate = calculationOf(node);
  if (!calculate && !Object.hasOwn(unary, node.op)) return undefined;
  const folded = (a: Dim | undefined, b: Dim) => (a === undefined ? undefined : calculate?.(a, b));
  const values = rowsOf(node.inputs.map((name) => types.contents(name)))?.map(([first, ...rest]) =>
    calculate ? rest.reduce(folded, first) : unaryValue(node.op, first as Dim),
  );
  return values && heldBy(types.get(outputOf(node))?.type, values);
}

function unaryValue(op: string, value: Dim): Dim | undefined {
  if (typeof value === 'number') return unary[op]?.(value);
  return changing.has(op) ? undefined : value;
}
