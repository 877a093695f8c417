/** @file Inputs of a network beside the picture: given once, as constants of the graph. */
import { GraphBuilder } from '../../onnx/build/build.js';
import { InputError } from '../../onnx/errors.js';
import { elementCount, type Model, type Tensor, type ValueInfo } from '../../onnx/graph/graph.js';
import { float32Tensor, int64Tensor } from '../../onnx/graph/tensor.js';

/** Numbers for one input; without sizes they have those of the input, which a single one fills. */
export interface InputNumbers {
  dims?: readonly number[];
  data: ArrayLike<number>;
}

/** Most numbers that a single one fills. */
const MAX_FILLED = 2 ** 26;

/** The types that an input of numbers may have: their TensorProto.DataType and, of whole numbers, the least and the largest. */
const types: Readonly<Record<string, readonly [code: number, least?: number, largest?: number]>> = {
  float32: [1],
  uint8: [2, 0, 255],
  int8: [3, -128, 127],
  uint16: [4, 0, 65_535],
  int16: [5, -32_768, 32_767],
  int32: [6, -(2 ** 31), 2 ** 31 - 1],
  // Beyond these, numbers are not exact.
  int64: [7, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  bool: [9, 0, 1],
  float16: [10],
  float64: [11],
  uint32: [12, 0, 2 ** 32 - 1],
  uint64: [13, 0, Number.MAX_SAFE_INTEGER],
};

/**
 * The model with some inputs replaced by numbers, which go along with every picture of a batch.
 * @param picture name of the picture input, which tells the batch
 * @throws InputError for numbers that do not fit the input
 */
export function withGivenInputs(model: Model, picture: string, given: ReadonlyMap<string, InputNumbers>): Model {
  if (given.size === 0) return model;
  const { graph } = model;
  const inputs = graph.inputs.filter(({ name }) => !given.has(name));
  const b = new GraphBuilder({ ...graph, inputs, nodes: [], initializers: new Map(graph.initializers) });
  b.reserve(graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]));
  for (const info of graph.inputs) {
    const numbers = given.get(info.name);
    if (numbers) appendGiven(b, info, picture, numbers);
  }
  for (const node of graph.nodes) b.append(node);
  return { ...model, graph: b.graph };
}

function appendGiven(b: GraphBuilder, info: ValueInfo, picture: string, { dims, data: stated }: InputNumbers): void {
  const { type = 'float32', shape = [] } = info.value ?? {};
  const wrong = (got: string) =>
    new InputError({
      name: `input "${info.name}"`,
      expected: `${type} numbers [${shape.join(', ')}]`,
      got,
    });
  const [code, least, largest = Infinity] = types[type] ?? [];
  if (code === undefined) throw wrong('numbers');
  // The batch of the picture stands wherever the input has it: in front.
  const [first, ...rest] = shape;
  const batch = b.graph.inputs.find(({ name }) => name === picture)?.value?.shape?.[0];
  const repeats = shape.length > 0 && (typeof first === 'string' || first === batch);
  const open = rest.filter((size) => typeof size === 'string').length;
  const known = rest.reduce<number>((product, size) => (typeof size === 'number' ? product * size : product), 1);
  const own = repeats ? rest : shape;
  const total = elementCount(own.filter((size) => typeof size === 'number'));
  const isFilled = stated.length === 1 && dims === undefined && open === 0 && total > 1 && total <= MAX_FILLED;
  const data = isFilled ? Array<number>(total).fill(stated[0] as number) : stated;
  const sizes =
    open === 0
      ? own.map(Number)
      : dims && dims.length >= own.length
        ? dims.slice(dims.length - own.length)
        : own.map((size) => (typeof size === 'number' ? size : data.length / known));
  const fits =
    elementCount(sizes) === data.length &&
    own.every((size, axis) => typeof size === 'string' || size === sizes[axis]) &&
    (open > 0 || total === data.length) &&
    Array.from(data).every(Number.isFinite);
  if (!fits) throw wrong(`${data.length} numbers${dims ? ` [${dims.join(', ')}]` : ''}`);
  const isHeld = (number: number) => Number.isInteger(number) && number >= (least ?? -Infinity) && number <= largest;
  const unfit = least === undefined ? undefined : Array.from(data).find((number) => !isHeld(number));
  if (unfit !== undefined) {
    const expected = `${type}: whole numbers of ${least}…${largest}`;
    throw new InputError({ name: `input "${info.name}"`, expected, got: unfit });
  }
  const tensor = constant(type, data, sizes);
  const plain = b.initializer(`${info.name}/given`, tensor);
  b.within(info.name, () => {
    const value = type === tensor.type ? plain : b.op('Cast', [plain], { to: code });
    const row = repeats ? b.op('Unsqueeze', [value, b.ints([0])], {}, 'row') : value;
    const count = () => b.op('Shape', [picture], { start: 0, end: 1 }, 'batch');
    const all = () => b.op('Concat', [count(), ...(sizes.length > 0 ? [b.ints(sizes)] : [])], { axis: 0 }, 'sizes');
    const filled = repeats ? b.op('Expand', [row, all()], {}, 'rows') : row;
    b.append({
      op: 'Identity',
      domain: '',
      name: `${info.name}/fed`,
      inputs: [filled],
      outputs: [info.name],
      attributes: {},
    });
  });
}

/** Of a type that holds them exactly, and that is cast to the input's. */
function constant(type: string, data: ArrayLike<number>, dims: readonly number[]): Tensor {
  if (type === 'float64') return { type, dims, data: Float64Array.from(data) };
  return types[type]?.[1] === undefined
    ? float32Tensor(Float32Array.from(data), dims)
    : int64Tensor(Array.from(data), dims);
}
