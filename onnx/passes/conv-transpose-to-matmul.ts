/** @file A speed-up for CPUs: transposed convolutions of few positions as one matrix product and one gather. */
import { numberAttribute } from '../graph/attributes.js';
import { rebuilding, type GraphBuilder } from '../build/build.js';
import { dimProduct, isStatic } from '../graph/dims.js';
import { elementCount, inputOf, outputOf, type Dim, type Graph, type Node } from '../graph/graph.js';
import { int64Tensor } from '../graph/tensor.js';
import { transposedOutputSizes, transposedWindowOf, type Window } from '../shapes/windows.js';

/** Runtimes multiply one picture at a time. With so few positions, one product for all pictures is faster. */
const MAX_POSITIONS = 16;
/** Positions of the result times kernel elements; with more, as of huge strides, the list of what to sum is the larger part. */
const MAX_TERMS = 2 ** 20;

/** The same computation with each small ConvTranspose (two inputs, one group, known sizes) replaced. */
export function convTransposeToMatMul(graph: Graph): Graph {
  const b = rebuilding(graph);
  for (const node of graph.nodes) {
    if (isSmallTransposedConvolution(node, b)) appendMatrixForm(b, node);
    else b.append(node);
  }
  return b.graph;
}

function isSmallTransposedConvolution(node: Node, b: GraphBuilder): boolean {
  if (node.op !== 'ConvTranspose' || node.inputs.length !== 2 || numberAttribute(node, 'group', 1) !== 1) return false;
  const sizes = b.types.shape(inputOf(node))?.slice(2);
  const weights = b.types.shape(inputOf(node, 1));
  if (!isStatic(sizes) || !isStatic(weights)) return false;
  const kernel = weights.slice(2);
  const outputs = transposedOutputSizes(node, sizes, kernel);
  const terms = isStatic(outputs) ? elementCount([...outputs, ...kernel]) : Infinity;
  return elementCount(sizes) > 1 && elementCount(sizes) <= MAX_POSITIONS && terms <= MAX_TERMS;
}

/**
 * All products of inputs and weights, [N, (P + 1)·U, C], those of one more position being zero; each output position then
 * sums the few that fall on it.
 */
function appendMatrixForm(b: GraphBuilder, node: Node): void {
  const [data, weights] = node.inputs as [string, string];
  const output = outputOf(node);
  const [batch, filters, ...sizes] = b.shape(data) as [Dim, number, ...number[]];
  const [, channels, ...kernel] = b.shape(weights) as number[] as [number, number, ...number[]];
  const window = transposedWindowOf(node, sizes, kernel);
  const outputs = transposedOutputSizes(node, sizes, kernel) as number[];
  const axes = sizes.map((_, axis) => axis + 2);
  const products = (elementCount(sizes) + 1) * elementCount(kernel);
  const { indices, terms } = termIndices(window, sizes, outputs);
  b.within(output, () => {
    const positions = b.reshape(b.transpose(data, [0, ...axes, 1]), [batch, elementCount(sizes), filters]);
    const withZero = b.op('Pad', [positions, b.ints([0, 0, 0, 0, 1, 0])]);
    const rows = b.reshape(withZero, [dimProduct([batch, elementCount(sizes) + 1]), filters]);
    const columns = b.reshape(b.transpose(weights, [0, ...axes, 1]), [filters, elementCount(kernel) * channels]);
    const all = b.reshape(b.matMul(rows, columns), [batch, products, channels]);
    const key = `terms/${[sizes, kernel, window.strides, window.dilations, window.padsBegin, outputs].map((list) => list.join('x')).join('_')}`;
    const table = b.constant(key, () => int64Tensor(indices));
    const gathered = b.op('Gather', [all, table], { axis: 1 });
    const summed = b.reduceSum(b.reshape(gathered, [batch, elementCount(outputs), terms, channels]), [2], false);
    const first = b.transpose(summed, [0, 2, 1]);
    const shape = b.ints([typeof batch === 'number' ? batch : -1, channels, ...outputs]);
    b.append({
      op: 'Reshape',
      domain: '',
      name: `${output}/picture`,
      inputs: [first, shape],
      outputs: [output],
      attributes: {},
    });
  });
}

/** For each output position the products (position·U + kernel element) that fall on it, filled up with a product that is zero. */
function termIndices(window: Window, sizes: readonly number[], outputs: readonly number[]) {
  const taps = elementCount(window.kernel);
  const zero = elementCount(sizes) * taps;
  const perOutput = outputs.reduce<{ position: number; tap: number }[][]>(
    (lists, count, axis) => {
      const [size, kernel] = [sizes[axis] as number, window.kernel[axis] as number];
      return lists.flatMap((list) =>
        Array.from({ length: count }, (_, at) =>
          list.flatMap(({ position, tap }) =>
            axisTerms(window, axis, size, at).map((term) => ({
              position: position * size + term.position,
              tap: tap * kernel + term.tap,
            })),
          ),
        ),
      );
    },
    [[{ position: 0, tap: 0 }]],
  );
  const terms = Math.max(1, ...perOutput.map((list) => list.length));
  const indices = perOutput.flatMap((list) => {
    const known = list.map(({ position, tap }) => position * taps + tap);
    return [...known, ...Array.from({ length: terms - known.length }, () => zero)];
  });
  return { indices, terms };
}

/** Along one axis: input positions p and kernel elements u with p·stride + u·dilation − pad = at. */
function axisTerms(window: Window, axis: number, size: number, at: number): { position: number; tap: number }[] {
  const [kernel, stride, dilation, pad] = [window.kernel, window.strides, window.dilations, window.padsBegin].map(
    (list) => list[axis],
  ) as [number, number, number, number];
  return Array.from({ length: kernel }, (_, tap) => ({ position: (at + pad - tap * dilation) / stride, tap })).filter(
    ({ position }) => Number.isInteger(position) && position >= 0 && position < size,
  );
}
