/** @file ResNet-50 (He et al. 2015, as torchvision has it) with random weights, for measuring. */
import { Random } from '../inference/numeric/random.js';
import { emptyGraph, float, float32Tensor, GraphBuilder, modelOfGraph, type Model } from '../onnx/index.js';

/** Blocks, and channels within them, of each stage; a stage gives four times as many channels. */
const STAGES = [
  { blocks: 3, width: 64 },
  { blocks: 4, width: 128 },
  { blocks: 6, width: 256 },
  { blocks: 3, width: 512 },
];

/** From pictures [batch, 3, 224, 224] to 1000 logits; convolutions and batch norms as separate nodes, as in training. */
export function resnet50(): Model {
  const b = new GraphBuilder(emptyGraph('resnet50'));
  const random = new Random(0);
  const normal = (dims: readonly number[], std: number) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return float32Tensor(
      Float32Array.from({ length: count }, () => std * random.normal()),
      dims,
    );
  };
  const conv = (name: string, x: string, from: number, to: number, kernel: number, stride: number) => {
    const weight = b.initializer(
      `${name}.weight`,
      normal([to, from, kernel, kernel], Math.sqrt(2 / (from * kernel ** 2))),
    );
    const edge = (kernel - 1) / 2;
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [edge, edge, edge, edge] };
    const y = b.op('Conv', [x, weight], attributes, name);
    const parameters = [1, 0, 0, 1].map((value, i) =>
      b.initializer(`${name}.norm.${i}`, float32Tensor(new Float32Array(to).fill(value), [to])),
    );
    return b.op('BatchNormalization', [y, ...parameters], { epsilon: float(1e-5) }, `${name}.norm`);
  };
  const relu = (x: string) => b.op('Relu', [x]);
  let x = relu(conv('conv1', b.input('image', 'float32', ['batch', 3, 224, 224]), 3, 64, 7, 2));
  x = b.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  STAGES.forEach(({ blocks, width }, stage) => {
    for (let block = 0; block < blocks; block++) {
      const name = `layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const inner = relu(conv(`${name}.conv1`, x, channels, width, 1, 1));
      const middle = relu(conv(`${name}.conv2`, inner, width, width, 3, stride));
      // The batch norm that ends a block starts near zero in training; here a third keeps activations from growing.
      const outer = b.mul(conv(`${name}.conv3`, middle, width, 4 * width, 1, 1), b.scalar(1 / 3));
      const shortcut = block === 0 ? conv(`${name}.downsample`, x, channels, 4 * width, 1, stride) : x;
      x = relu(b.add(outer, shortcut));
      channels = 4 * width;
    }
  });
  const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [x])], { axis: 1 });
  const matrix = b.initializer('fc.weight', normal([1000, channels], Math.sqrt(1 / channels)));
  const bias = b.initializer('fc.bias', float32Tensor(new Float32Array(1000), [1000]));
  b.output(b.op('Gemm', [pooled, matrix, bias], { transB: 1 }, 'logits'));
  return modelOfGraph(b.graph);
}
