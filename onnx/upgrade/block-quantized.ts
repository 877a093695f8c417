/** @file Weights of com.microsoft in blocks of a few bits, as quantised models for the web have them, become floats. */
import { numberAttribute } from '../graph/attributes.js';
import type { GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import { inputOf, nodeLabel, outputOf, type Node, type Tensor } from '../graph/graph.js';
import { float32Tensor, numbersOf } from '../graph/tensor.js';
import type { Conversion } from './conversion.js';
import { replacing } from './quantized.js';

/** How weights [N, blocks of K] are packed. */
interface Packing {
  rows: number;
  columns: number;
  bits: number;
  blockSize: number;
  /** Blocks per row. */
  blocks: number;
}

/** A·W′ + bias, where W [N, K] are packed integers of 2, 4 or 8 bits, in blocks with a scale and a zero point each. */
export const matMulNBits: Conversion = (node, b) =>
  b.within(outputOf(node), () => {
    const packing = packingOf(node);
    if (inputOf(node, 4))
      throw new InputError(`${nodeLabel(node)}: groups in another order (g_idx) are not taken apart`);
    const [packed, scales] = [1, 2].map((at) => constant(b, node, at)) as [Tensor, Tensor];
    const zeroPoint = inputOf(node, 3) ? constant(b, node, 3) : undefined;
    const weights = unpacked(node, packing, { packed, scales, zeroPoint });
    const right = b.initializer(b.unique('floats'), float32Tensor(weights, [packing.columns, packing.rows]));
    const product = b.matMul(inputOf(node), right);
    const bias = inputOf(node, 5);
    b.append(bias ? replacing(node, 'Add', [product, bias]) : replacing(node, 'Identity', [product]));
  });

function packingOf(node: Node): Packing {
  const [rows, columns, blockSize] = ['N', 'K', 'block_size'].map((name) => numberAttribute(node, name, 0)) as [
    number,
    number,
    number,
  ];
  const bits = numberAttribute(node, 'bits', 4);
  const isSound = rows > 0 && columns > 0 && blockSize >= 16 && Number.isInteger(Math.log2(blockSize));
  if (!isSound || ![2, 4, 8].includes(bits))
    throw new InputError(
      `${nodeLabel(node)}: expected 2, 4 or 8 bits in blocks of a power of 2 from 16; got ${bits} bits in blocks of ${blockSize}`,
    );
  return { rows, columns, bits, blockSize, blocks: Math.ceil(columns / blockSize) };
}

function constant(b: GraphBuilder, node: Node, at: number): Tensor {
  const found = b.types.constant(inputOf(node, at));
  if (found) return found;
  throw new InputError(`${nodeLabel(node)}: expected constant weights, scales and zero points; got computed ones`);
}

/** The weights as floats [K, N]. @throws InputError if there are too few integers, scales or zero points */
function unpacked(
  node: Node,
  { rows, columns, bits, blockSize, blocks }: Packing,
  { packed, scales, zeroPoint }: { packed: Tensor; scales: Tensor; zeroPoint: Tensor | undefined },
): Float32Array {
  const perByte = 8 / bits;
  const rowBytes = (blocks * blockSize) / perByte;
  const zeroBytes = Math.ceil(blocks / perByte);
  const arePacked = zeroPoint?.type === 'uint8';
  const [integers, scaleOf, zeros] = [packed, scales, zeroPoint].map((tensor) => tensor && numbersOf(tensor));
  const needed = arePacked ? rows * zeroBytes : rows * blocks;
  const isWhole =
    integers !== undefined &&
    scaleOf !== undefined &&
    packed.type === 'uint8' &&
    integers.length === rows * rowBytes &&
    scaleOf.length === rows * blocks &&
    (zeros === undefined || zeros.length === needed);
  if (!isWhole)
    throw new InputError(`${nodeLabel(node)}: expected weights, scales and zero points of ${rows}×${blocks} blocks`);
  const mask = 2 ** bits - 1;
  const part = (values: ArrayLike<number | bigint>, start: number, at: number) =>
    (Number(values[start + Math.floor(at / perByte)]) >> ((at % perByte) * bits)) & mask;
  const weights = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const scale = Number(scaleOf[row * blocks + block]);
      const zero =
        zeros === undefined
          ? 2 ** (bits - 1)
          : arePacked
            ? part(zeros, row * zeroBytes, block)
            : Number(zeros[row * blocks + block]);
      const end = Math.min(columns, (block + 1) * blockSize);
      for (let column = block * blockSize; column < end; column++)
        weights[column * rows + row] = (part(integers, row * rowBytes, column) - zero) * scale;
    }
  }
  return weights;
}
