/** @file The gradient of a convolution's weights: gathered windows times output gradients, or a swapped convolution. */
import type { GraphBuilder } from '../../../build/build.js';
import { dimProduct, dimQuotient } from '../../../graph/dims.js';
import { elementCount, type Dim, type Shape } from '../../../graph/graph.js';
import { expectWithin } from '../../../graph/limits.js';
import { int64Tensor } from '../../../graph/tensor.js';
import type { Window } from '../../../shapes/windows.js';

/** A convolution seen from its weights: y = conv(input, w), with the gradient of y. */
export interface Correlation {
  /** [N, C, …sizes] */
  input: string;
  /** Gradient of the result, [N, K, …outputs]. */
  output: string;
  sizes: readonly number[];
  outputs: readonly number[];
  window: Window;
  group: number;
}

/** ∂L/∂w [K, C/group, …kernel]: w[k, c, u] gathers Σ_n,p input[n, c, p·stride + u·dilation − pad] · output[n, k, p]. */
export function weightGradient(b: GraphBuilder, correlation: Correlation): string {
  return correlation.group === 1 ? windowProduct(b, correlation) : swappedConvolution(b, correlation);
}

/** Windows of more bytes than this are laid out in parts. */
const MOST_WINDOW_BYTES = 2 ** 26;

/**
 * Sum over parts of the batch, whose windows stay below a limit: all windows of a kernel 4×4 with stride 2 take four times
 * the memory of their input. The limit is far above the caches, so parts cost no time.
 */
function windowProduct(b: GraphBuilder, correlation: Correlation): string {
  const { input, output, window, outputs } = correlation;
  const [batch, channels] = b.shape(input) as [Dim, number];
  const bytes = 4 * elementCount(outputs) * elementCount(window.kernel) * channels;
  const rows = Math.max(1, Math.floor(MOST_WINDOW_BYTES / bytes));
  if (typeof batch !== 'number' || batch <= rows) return productOfPart(b, correlation);
  const part = Math.ceil(batch / Math.ceil(batch / rows));
  const starts = Array.from({ length: Math.ceil(batch / part) }, (_, index) => index * part);
  const rowsOf = (value: string, start: number) =>
    b.op('Slice', [value, b.ints([start]), b.ints([Math.min(start + part, batch)]), b.ints([0])], {}, 'part');
  return starts
    .map((start) => productOfPart(b, { ...correlation, input: rowsOf(input, start), output: rowsOf(output, start) }))
    .reduce((sum, product) => b.add(sum, product));
}

/**
 * One matrix product of the output gradients [K, N·P] with all windows [N·P, U·C], which one Gather lays out from the
 * padded input in channels-last order. On CPUs this reaches the speed of MatMul; see `bench/results/training-step.md`.
 */
function productOfPart(b: GraphBuilder, { input, output, window, sizes, outputs }: Correlation): string {
  const [batch, channels] = b.shape(input) as [Dim, number];
  const filters = b.shape(output)[1] as number;
  const axes = sizes.map((_, axis) => axis + 2);
  const last = b.transpose(input, [0, ...axes, 1], 'channels_last');
  const padded = padsOf(window).some((pad) => pad > 0)
    ? b.op('Pad', [last, b.ints([0, ...window.padsBegin, 0, 0, ...window.padsEnd, 0])], {}, 'padded')
    : last;
  const paddedSizes = sizes.map(
    (size, axis) => size + (window.padsBegin[axis] as number) + (window.padsEnd[axis] as number),
  );
  const positions = b.reshape(padded, [batch, elementCount(paddedSizes), channels]);
  const windows = b.op('Gather', [positions, windowIndices(b, window, paddedSizes, outputs)], { axis: 1 }, 'windows');
  const taps = elementCount(window.kernel);
  const rows = b.reshape(windows, [dimProduct([batch, elementCount(outputs)]), taps * channels]);
  const columns = b.reshape(b.transpose(output, [1, 0, ...axes]), [
    filters,
    dimProduct([batch, elementCount(outputs)]),
  ]);
  const product = b.reshape(b.matMul(columns, rows, 'weights'), [filters, ...window.kernel, channels]);
  return b.transpose(product, [0, axes.length + 1, ...axes.map((axis) => axis - 1)]);
}

/** Positions in the flattened padded input: for each output position, those under each kernel element. Equal windows share it. */
function windowIndices(
  b: GraphBuilder,
  window: Window,
  paddedSizes: readonly number[],
  outputs: readonly number[],
): string {
  const { kernel, strides, dilations } = window;
  expectWithin('ruleElements', elementCount(outputs) * elementCount(kernel), 'windows');
  const name = `const/windows/${[paddedSizes, kernel, strides, dilations].map((list) => list.join('x')).join('_')}`;
  if (b.types.get(name)) return name;
  const offsets = (counts: readonly number[], steps: readonly number[]) =>
    counts.reduce<number[]>(
      (starts, count, axis) =>
        starts.flatMap((start) =>
          Array.from(
            { length: count },
            (_, index) => start * (paddedSizes[axis] as number) + index * (steps[axis] as number),
          ),
        ),
      [0],
    );
  const taps = offsets(kernel, dilations);
  return b.initializer(name, int64Tensor(offsets(outputs, strides).flatMap((start) => taps.map((tap) => start + tap))));
}

/** As a convolution in which pictures are channels, strides are dilations and the other way round: it knows groups. */
function swappedConvolution(b: GraphBuilder, { input, output, window, sizes, outputs, group }: Correlation): string {
  const spatial = sizes.map((_, axis) => axis);
  // Rows and columns at the end that no window reaches would make the result larger than the kernel.
  const padsEnd = spatial.map((axis) => {
    const [kernel, stride, dilation, count] = [window.kernel, window.strides, window.dilations, outputs].map(
      (list) => list[axis] as number,
    ) as [number, number, number, number];
    return (
      (count - 1) * stride + (kernel - 1) * dilation + 1 - (sizes[axis] as number) - (window.padsBegin[axis] as number)
    );
  });
  const attributes = {
    kernel_shape: outputs,
    strides: window.dilations,
    dilations: window.strides,
    pads: [...window.padsBegin, ...padsEnd.map((pad) => Math.max(0, pad))],
    group,
  };
  const pictures = picturesAsChannels(b, reached(b, input, padsEnd), group);
  const shape = b.shape(output);
  const [batch, filters] = shape as [Dim, number];
  const grouped = b.reshape(output, [batch, group, filters / group, ...shape.slice(2)]);
  const order = [1, 2, 0, ...spatial.map((axis) => axis + 3)];
  const kernels = b.reshape(b.transpose(grouped, order), [filters, batch, ...shape.slice(2)]);
  const swapped = b.op('Conv', [pictures, kernels], attributes, 'weights');
  return b.transpose(swapped, [1, 0, ...spatial.map((axis) => axis + 2)]);
}

/** The input without the last −pad entries of each axis whose end padding is negative. */
function reached(b: GraphBuilder, input: string, padsEnd: readonly number[]): string {
  const cut = [...padsEnd.keys()].filter((axis) => (padsEnd[axis] as number) < 0);
  if (cut.length === 0) return input;
  const ends = b.ints(cut.map((axis) => padsEnd[axis] as number));
  return b.op('Slice', [input, b.ints(cut.map(() => 0)), ends, b.ints(cut.map((axis) => axis + 2))], {}, 'reached');
}

/** [N, G·C, …] → [C, G·N, …] */
function picturesAsChannels(b: GraphBuilder, value: string, group: number): string {
  const shape: Shape = b.shape(value);
  const [batch, channels] = shape as [Dim, Dim];
  // Symbolic in the gradient of a gradient, where pictures are channels already.
  const perGroup = dimQuotient(channels, group) ?? `${channels}/${group}`;
  const grouped = b.reshape(value, [batch, group, perGroup, ...shape.slice(2)]);
  const moved = b.transpose(grouped, [2, 1, 0, ...shape.slice(2).map((_, axis) => axis + 3)]);
  return b.reshape(moved, [perGroup, dimProduct([group, batch]), ...shape.slice(2)]);
}

const padsOf = (window: Window) => [...window.padsBegin, ...window.padsEnd];
