/** @file Col2Im (torch.nn.Fold) as a transposed convolution. */
import { intsAttribute } from '../graph/attributes.js';
import { elementCount, inputOf, nodeLabel, type Dim } from '../graph/graph.js';
import { expectWithin } from '../graph/limits.js';
import { float32Tensor } from '../graph/tensor.js';
import { fixedSize, notExpanded, type Expansion } from './expansion.js';

/**
 * Columns [N, C · block, positions] added up where their blocks stand in a picture [N, C, …sizes]. Row r of a block
 * writes to its place r alone, as a kernel does that is 1 there and 0 elsewhere.
 */
export const col2im: Expansion = (node, b) => {
  const [data, picture, blocks] = node.inputs as [string, string, string];
  const [sizes, block] = [b.types.integers(picture), b.types.integers(blocks)];
  if (!sizes || !block) throw notExpanded(node, 'a picture or block whose sizes are not constant');
  const list = (name: string, count: number, usual: number) =>
    intsAttribute(node, name) ?? Array.from({ length: count }, () => usual);
  const [strides, dilations] = [list('strides', block.length, 1), list('dilations', block.length, 1)];
  const pads = list('pads', 2 * block.length, 0);
  const reach = block.map((size, axis) => (dilations[axis] as number) * (size - 1) + 1);
  const spare = sizes.map(
    (size, axis) => size + (pads[axis] as number) + (pads[axis + block.length] as number) - (reach[axis] as number),
  );
  const places = spare.map((rest, axis) => Math.floor(rest / (strides[axis] as number)) + 1);
  const [batch, rows] = b.types.knownShape(inputOf(node), node) as [Dim, Dim];
  const count = elementCount(block);
  expectWithin('ruleElements', count * count, nodeLabel(node));
  const oneHot = Array.from({ length: count * count }, (_, at) => Number(Math.floor(at / count) === at % count));
  const kernel = b.op('Constant', [], { value: float32Tensor(oneHot, [count, 1, ...block]) }, 'kernel');
  const channels = fixedSize(node, rows, 'its rows') / count;
  const planes = b.reshape(data, [-1, count, ...places], 'planes');
  const attributes = {
    kernel_shape: block,
    strides,
    dilations,
    pads,
    output_padding: spare.map((rest, axis) => rest % (strides[axis] as number)),
  };
  const folded = b.op('ConvTranspose', [planes, b.castLike(kernel, data)], attributes, 'folded');
  return [b.reshape(folded, [typeof batch === 'number' ? batch : -1, channels, ...sizes])];
};
