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

/** TensorProto.DataType of the types that an input of numbers may have. */
const codes: Readonly<Record<string, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
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
  if (!(type in codes)) throw wrong('numbers');
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
  const tensor = constant(type, data, sizes);
  const plain = b.initializer(`${info.name}/given`, tensor);
  b.within(info.name, () => {
    const value = type === 'float32' || type === 'int64' ? plain : b.op('Cast', [plain], { to: codes[type] ?? 1 });
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

function constant(type: string, data: ArrayLike<number>, dims: readonly number[]): Tensor {
  return type === 'int64'
    ? int64Tensor(Array.from(data, Math.round), dims)
    : float32Tensor(Float32Array.from(data), dims);
}
