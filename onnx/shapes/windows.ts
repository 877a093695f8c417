/** @file Window arithmetic shared by convolutions and pools: strides, dilations, pads (explicit or automatic), sizes. */
import { attributeOf, intsAttribute, numberAttribute, stringAttribute } from '../graph/attributes.js';
import { dimFloor, dimProduct, dimSum, isStatic, openSize } from '../graph/dims.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, outputOf, type Dim, type Node, type Shape } from '../graph/graph.js';
import type { KnownValues } from './rule.js';

/** A window operator's attributes with defaults filled in and automatic padding resolved, one entry per spatial axis. */
export interface Window {
  kernel: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  /** Padding before and after each axis. */
  padsBegin: readonly number[];
  padsEnd: readonly number[];
}

/** Strides and dilations of a node with this kernel. */
function stepsOf(node: Node, kernel: readonly number[]) {
  const ones = kernel.map(() => 1);
  return {
    strides: checkedInts(node, 'strides', kernel.length, 1) ?? ones,
    dilations: checkedInts(node, 'dilations', kernel.length, 1) ?? ones,
  };
}

/** Padding before and after each axis, zero where none is stated. */
function padsOf(node: Node, { length }: readonly number[]) {
  const pads =
    checkedInts(node, 'pads', 2 * length, Number.MIN_SAFE_INTEGER) ?? Array.from({ length: 2 * length }, () => 0);
  return { padsBegin: pads.slice(0, length), padsEnd: pads.slice(length) };
}

/** @throws InputError for a list of another length, or numbers below `least` */
function checkedInts(node: Node, name: string, count: number, least: number): readonly number[] | undefined {
  const values = intsAttribute(node, name);
  if (!values || (values.length === count && values.every((value) => value >= least))) return values;
  const expected = `${count} integers${least > 0 ? ` of ${least} or more` : ''}`;
  throw new InputError({ name: `${nodeLabel(node)}: attribute ${name}`, expected, got: `[${values.join()}]` });
}

/**
 * Padding on both sides of an axis together for ⌈size / stride⌉ windows; negative where they leave elements over.
 * @param reach a window with its dilation
 */
function samePadding(size: number, stride: number, reach: number): number {
  return (Math.ceil(size / stride) - 1) * stride + reach - size;
}

/**
 * The window of a Conv or pool over input of the given sizes.
 * @throws InputError where automatic padding meets a symbolic size
 */
export function windowOf(node: Node, sizes: readonly Dim[], kernel: readonly number[]): Window {
  const { strides, dilations } = stepsOf(node, kernel);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const base = { kernel, strides, dilations };
  if (mode === 'VALID') return { ...base, padsBegin: kernel.map(() => 0), padsEnd: kernel.map(() => 0) };
  if (mode === 'NOTSET') return { ...base, ...padsOf(node, kernel) };
  const totals = kernel.map((size, axis) => {
    const [input, stride] = [sizes[axis], strides[axis] as number];
    if (typeof input !== 'number')
      throw new InputError(`${nodeLabel(node)}: auto_pad ${mode} needs a fixed picture size`);
    const reach = (dilations[axis] as number) * (size - 1) + 1;
    return Math.max(0, samePadding(input, stride, reach));
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  return mode === 'SAME_LOWER'
    ? { ...base, padsBegin: large, padsEnd: small }
    : { ...base, padsBegin: small, padsEnd: large };
}

/**
 * A pool with its automatic padding written out where it would be −1, which ONNX Runtime refuses of AveragePool in opset 17: the last
 * element is left over. Of −2 and less, runtimes leave out elements at different sides, and the pool stays as it is.
 */
export function withExplicitPads(node: Node, types: KnownValues): Node {
  const sizes: Shape | undefined = types.shape(inputOf(node))?.slice(2);
  if (!isStatic(sizes) || !stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME')) return node;
  const { kernel, strides, padsBegin, padsEnd } = windowOf(node, sizes, intsAttribute(node, 'kernel_shape') ?? []);
  const totals = sizes.map((size, axis) => samePadding(size, strides[axis] as number, kernel[axis] as number));
  if (Math.min(...totals) !== -1) return node;
  const { auto_pad: _, ...attributes } = node.attributes;
  return { ...node, attributes: { ...attributes, pads: attributeOf([...padsBegin, ...padsEnd]) } };
}

/** Output sizes of a Conv or pool. A symbolic size stays symbolic. */
export function windowOutputSizes(node: Node, sizes: readonly Dim[], kernel: readonly number[]): Dim[] {
  expectKernel(node, sizes, kernel);
  const { strides, dilations } = stepsOf(node, kernel);
  const ceil = numberAttribute(node, 'ceil_mode', 0) === 1;
  const isSame = stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME');
  const window = isSame && !isStatic(sizes) ? undefined : windowOf(node, sizes, kernel);
  return sizes.map((size, axis) => {
    const [stride, dilation] = [strides[axis] as number, dilations[axis] as number];
    const isOpen = typeof kernel[axis] === 'string' || (typeof size === 'string' && ceil && stride > 1);
    if (isOpen) return openSize(outputOf(node), axis + 2);
    // Automatic padding makes ⌈size / stride⌉ windows.
    if (!window) return dimFloor(dimSum([size, stride - 1]), stride);
    const { padsBegin } = window;
    const padding = (padsBegin[axis] as number) + (window.padsEnd[axis] as number);
    const reach = dilation * ((kernel[axis] as number) - 1) + 1;
    if (typeof size !== 'number') return dimFloor(dimSum([size, padding - reach + stride]), stride);
    const steps = (size + padding - reach) / stride;
    if (steps < 0) {
      throw new InputError(`${nodeLabel(node)}: a window of ${reach} does not fit ${size} + ${padding} padding`);
    }
    if (!ceil) return Math.floor(steps) + 1;
    const windows = Math.ceil(steps) + 1;
    const lastStart = (windows - 1) * stride;
    return lastStart >= size + (padsBegin[axis] as number) ? windows - 1 : windows;
  });
}

/** @throws InputError unless the kernel has a size for each axis */
function expectKernel(node: Node, sizes: readonly Dim[], kernel: readonly number[]): void {
  const fits = kernel.length === sizes.length && kernel.every((size) => typeof size === 'string' || size >= 1);
  if (fits) return;
  throw new InputError({
    name: nodeLabel(node),
    expected: `a kernel of ${sizes.length} axes`,
    got: `[${kernel.join()}]`,
  });
}

/** The window of a ConvTranspose: `padsBegin`/`padsEnd` are cut from its output, `outputPadding` added at its end. */
export function transposedWindowOf(
  node: Node,
  sizes: readonly Dim[],
  kernel: readonly number[],
): Window & { outputPadding: readonly number[] } {
  const { strides, dilations } = stepsOf(node, kernel);
  const outputPadding = checkedInts(node, 'output_padding', kernel.length, 0) ?? kernel.map(() => 0);
  const base = { kernel, strides, dilations, outputPadding };
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const stated = intsAttribute(node, 'output_shape')?.slice(-kernel.length);
  if (mode === 'VALID') return { ...base, padsBegin: kernel.map(() => 0), padsEnd: kernel.map(() => 0) };
  if (mode === 'NOTSET' && !stated) return { ...base, ...padsOf(node, kernel) };
  const totals = kernel.map((size, axis) => {
    const [stride, input] = [strides[axis] as number, sizes[axis]];
    const reach = (dilations[axis] as number) * (size - 1) + 1 + (outputPadding[axis] as number);
    if (!stated) return Math.max(0, reach - stride);
    if (typeof input !== 'number') throw new InputError(`${nodeLabel(node)}: output_shape needs a fixed picture size`);
    return stride * (input - 1) + reach - (stated[axis] as number);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total, axis) => total - (small[axis] as number));
  return mode === 'SAME_UPPER'
    ? { ...base, padsBegin: small, padsEnd: large }
    : { ...base, padsBegin: large, padsEnd: small };
}

/** Output sizes of a ConvTranspose. */
export function transposedOutputSizes(node: Node, sizes: readonly Dim[], kernel: readonly number[]): Dim[] {
  expectKernel(node, sizes, kernel);
  const window = transposedWindowOf(node, sizes, kernel);
  return sizes.map((size, axis) => {
    if (typeof kernel[axis] === 'string') return openSize(outputOf(node), axis + 2);
    const stride = window.strides[axis] as number;
    const reach = (window.dilations[axis] as number) * ((kernel[axis] as number) - 1) + 1;
    const cut = (window.padsBegin[axis] as number) + (window.padsEnd[axis] as number);
    return dimSum([dimProduct([size, stride]), reach - stride + (window.outputPadding[axis] as number) - cut]);
  });
}
