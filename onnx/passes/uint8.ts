/** @file A generator with uint8 RGB pictures as output, as torch-fidelity expects. */
import { copiedGraph, GraphBuilder } from '../build/build.js';
import { InputError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { float32Tensor } from '../graph/tensor.js';

/** TensorProto.DataType.UINT8. */
const UINT8 = 2;

/**
 * The generator with its pictures as uint8 [N, 3, H, W]: 255·(x·std + mean), clamped to 0…255 and rounded to the nearest,
 * as `pictureFromOutput` does; grey is repeated in three channels. torch-fidelity feeds its Inception network whatever
 * bytes it is given; the generator of its example truncates, which darkens every picture by half a level.
 * @param graph of our dialect, with pictures [N, 1 or 3, H, W] as first output
 * @param normalization value range of the generator's output
 * @throws InputError for other outputs
 */
export function uint8Generator(
  graph: Graph,
  { mean, std }: { mean: readonly number[]; std: readonly number[] },
): Graph {
  const [output, ...others] = graph.outputs;
  const b = new GraphBuilder({ ...copiedGraph(graph), outputs: [] });
  const channels = output && b.types.shape(output.name)?.[1];
  if (!output || others.length > 0 || (channels !== 1 && channels !== 3) || mean.length !== channels) {
    throw new InputError({ name: 'generator', expected: 'pictures [N, 1 or 3, H, W] as its only output' });
  }
  const perChannel = (values: readonly number[]) => float32Tensor([...values], [1, channels, 1, 1]);
  const scale = b.initializer(b.unique('uint8/scale'), perChannel(std.map((value) => 255 * value)));
  // Adding a half and rounding down is rounding to the nearest.
  const shift = b.initializer(b.unique('uint8/shift'), perChannel(mean.map((value) => 255 * value + 0.5)));
  const levels = b.op('Floor', [b.add(b.mul(output.name, scale), shift)]);
  const clamped = b.op('Clip', [levels, b.scalar(0), b.scalar(255)]);
  const bytes = b.op('Cast', [clamped], { to: UINT8 });
  b.output(channels === 3 ? bytes : b.op('Concat', [bytes, bytes, bytes], { axis: 1 }), b.unique('pictures'));
  return b.graph;
}
