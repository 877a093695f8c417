/** @file Guided backpropagation of networks with and without rectifiers. */
import { expect, test } from 'vitest';
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { Explainer } from '../../maps/explain.js';

const METHODS = ['guided-backprop', 'deconvolution', 'guided-gradcam'] as const;

/** image → conv → an activation → global average → two logits. */
function network(activation: (b: GraphBuilder, value: string) => string) {
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['batch', 3, 8, 8]);
  const waves = (dims: readonly number[]) =>
    float32Tensor(
      Array.from({ length: dims.reduce((product, size) => product * size, 1) }, (_, at) => Math.cos(3 * at)),
      dims,
    );
  const conv = b.op('Conv', [image, b.initializer('kernel', waves([4, 3, 3, 3]))], { pads: [1, 1, 1, 1] }, 'conv');
  const flat = b.op('Flatten', [b.op('GlobalAveragePool', [activation(b, conv)])], { axis: 1 });
  b.output(b.matMul(flat, b.initializer('dense', waves([4, 2])), 'logits'));
  return modelOfGraph(b.graph);
}

const picture = Float32Array.from({ length: 192 }, (_, at) => Math.sin(1.7 * at * at));

test.each([
  ['Relu', (b: GraphBuilder, value: string) => b.op('Relu', [value])],
  ['the larger of it and 0', (b: GraphBuilder, value: string) => b.op('Max', [value, b.scalar(0)])],
] as const)('guided backpropagation differs from the gradient through %s', async (_, activation) => {
  await using explainer = await Explainer.load(network(activation), { device: 'cpu' });
  const [guided, plain] = await explainer.explainInput(picture, {
    methods: ['guided-backprop', 'saliency'],
    targets: 1,
  });
  expect(guided?.signed).not.toEqual(plain?.signed);
  expect(explainer.methods()).toEqual(expect.arrayContaining([...METHODS]));
});

test.each(METHODS)('%s is refused where there is no rectifier, as it would be the plain gradient', async (method) => {
  await using explainer = await Explainer.load(
    network((b, value) => b.op('HardSwish', [value])),
    { device: 'cpu' },
  );
  await expect(explainer.explainInput(picture, { methods: [method] })).rejects.toThrow(
    /^method: expected a network with rectifiers .*; got none/,
  );
  expect(explainer.methods()).not.toContain(method);
});
