/** @file Activations after layers: of small graphs, and of the architectures that PyTorch's exporters wrote. */
import { describe, expect, test } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { listLayers } from '../maps/list-layers.js';
import { activationLayers, lastActivation } from './activations.js';
import { convolutions, layerContext } from './candidates.js';
import { HEIGHT, Layers, WIDTH } from './layers.test.helper.js';

/** The last activation of what `make` makes of a picture, and all that are listed. */
function found(make: (layers: Layers) => string) {
  const layers = new Layers();
  const logits = make(layers);
  layers.b.output(logits);
  const context = layerContext(layers.b.graph);
  const last = lastActivation(context, { picture: { height: HEIGHT, width: WIDTH }, logits }, false);
  const listed = activationLayers(context, convolutions(context));
  return { last: last?.layers.map(({ name }) => name), because: last?.because, listed: listed.map(({ name }) => name) };
}

/** A batch norm of ones. */
const normalized = (n: Layers, x: string, name: string) => {
  const ones = n.ones(Number(n.b.shape(x)[1]));
  return n.b.op('BatchNormalization', [x, ones, ones, ones, ones], {}, name);
};

describe('lastActivation(context, grid, dense) and activationLayers(context, layers)', () => {
  test('are after convolutions, behind batch norms', () => {
    const plain = found((n) => {
      const first = n.relu(n.conv(n.image, 4, 'first', 2), 'first_relu');
      return n.classified(n.relu(normalized(n, n.conv(first, 4, 'second'), 'norm'), 'second_relu'));
    });
    expect(plain).toEqual({
      last: ['second_relu'],
      because: 'the activation after the last convolution that has positions',
      listed: ['first_relu', 'second_relu'],
    });
  });

  test('are after what shortcuts join into, and the normalization of what blocks are joined into', () => {
    const shortcut = found((n) => {
      const before = n.relu(n.conv(n.image, 4, 'before', 2), 'before_relu');
      return n.classified(n.relu(n.b.add(n.conv(before, 4, 'outer'), before, 'sum'), 'sum_relu'));
    });
    expect([shortcut.last, shortcut.listed]).toEqual([['sum_relu'], ['before_relu', 'sum_relu']]);
    const joined = (after: (n: Layers, x: string) => string) =>
      found((n) => {
        const before = n.conv(n.image, 4, 'before', 2);
        const joint = n.b.op('Concat', [before, n.conv(before, 2, 'branch')], { axis: 1 }, 'joined');
        return n.classified(after(n, normalized(n, joint, 'norm')));
      });
    expect(joined((n, x) => n.relu(x, 'relu'))).toMatchObject({ last: ['relu'], listed: ['relu'] });
    expect(joined((_n, x) => x)).toEqual({
      last: ['norm'],
      because: 'the normalization after what the last branches join into',
      listed: ['norm'],
    });
  });

  test('are the integers that quantisers make of a ReLU, in floats, and the ReLU itself where it is left', () => {
    const pair = (n: Layers, x: string, zero: number, name: string) => {
      const parameters = [
        n.b.scalar(0.1),
        n.b.initializer(`${name}_zero`, { type: 'int8', dims: [], data: Int8Array.of(zero) }),
      ];
      return n.b.op('DequantizeLinear', [n.b.op('QuantizeLinear', [x, ...parameters]), ...parameters], {}, name);
    };
    const quantized = (zero: number, after: (n: Layers, x: string) => string = (_n, x) => x) =>
      found((n) => n.classified(pair(n, after(n, n.conv(n.image, 4, 'conv', 2)), zero, 'pair')));
    expect(quantized(-128)).toMatchObject({ last: ['pair'], listed: ['pair'] });
    expect(quantized(3).last).toEqual(['conv']);
    expect(quantized(-128, (n, x) => n.relu(x, 'relu')).last).toEqual(['relu']);
  });

  test('are behind a group normalization that is written out, and else its scale and shift', () => {
    const grouped = (n: Layers, x: string) => {
      const rows = n.b.reshape(x, [-1, 2, 256]);
      const ones = n.ones(2);
      const even = n.b.op('InstanceNormalization', [rows, ones, ones], {});
      const back = n.b.op('Reshape', [even, n.b.op('Shape', [x])], {}, 'back');
      const [scale, shift] = [n.zeros(4, 1, 1), n.zeros(4, 1, 1)];
      return n.b.add(n.b.mul(back, scale, 'scaled'), shift, 'shifted');
    };
    const activated = found((n) => n.classified(n.relu(grouped(n, n.conv(n.image, 4, 'conv', 2)), 'relu')));
    expect([activated.last, activated.listed]).toEqual([['relu'], ['relu']]);
    const joined = found((n) => {
      const before = n.relu(n.conv(n.image, 4, 'before', 2), 'before_relu');
      return n.classified(grouped(n, n.b.add(n.conv(before, 4, 'outer'), before, 'sum')));
    });
    expect([joined.last, joined.because]).toEqual([
      ['shifted'],
      'the normalization after what the last branches join into',
    ]);
  });

  test('are the whole of an activation that is written out, with its factor', () => {
    const swish = found((n) => {
      const x = n.conv(n.image, 4, 'conv', 2);
      return n.classified(n.b.op('Mul', [x, n.b.op('Sigmoid', [x], {}, 'gate')], {}, 'swish'));
    });
    expect([swish.last, swish.listed]).toEqual([['swish'], ['swish']]);
    const hardSwish = found((n) => {
      const x = n.conv(n.image, 4, 'conv', 2);
      const gate = n.b.op('Clip', [n.b.add(x, n.b.scalar(3)), n.b.scalar(0), n.b.scalar(6)], {}, 'gate');
      return n.classified(n.b.div(n.b.mul(x, gate, 'product'), n.b.scalar(6), 'hard_swish'));
    });
    expect([hardSwish.last, hardSwish.listed]).toEqual([['hard_swish'], ['hard_swish']]);
  });

  test('end before the next layer: gates of channels are none', () => {
    const gated = found((n) => {
      const x = n.relu(n.conv(n.image, 4, 'conv', 2), 'relu');
      const gate = n.b.op('Sigmoid', [n.b.op('GlobalAveragePool', [x])], {}, 'gate');
      return n.classified(n.b.mul(x, gate, 'gated'));
    });
    expect([gated.last, gated.listed]).toEqual([['relu'], ['relu', 'gated']]);
    const bare = found((n) => n.classified(n.conv(n.image, 4, 'conv', 2)));
    expect(bare).toEqual({ last: ['conv'], because: 'the last convolution that has positions', listed: [] });
  });
});

describe('listLayers of architectures with folded batch norms', () => {
  test.each([
    ['resnet-dynamo', 'relu_5'],
    ['resnet-torchscript', '/3/activation/Relu_output_0'],
    ['mobilenet-v2-dynamo', 'hardtanh_7'],
    ['mobilenet-v3-torchscript', '/4/4.2/HardSwish_output_0'],
    ['densenet-dynamo', 'relu_8'],
    ['densenet-torchscript', '/10/Relu_output_0'],
    ['efficientnet-dynamo', 'silu_10'],
    ['efficientnet-torchscript', '/4/4.2/Mul_output_0'],
    ['vgg-dynamo', 'relu_4'],
    ['googlenet-dynamo', 'cat'],
    ['segmenter-dynamo', 'getitem_18'],
    ['vit-dynamo', 'layer_norm_2'],
  ])('takes in %s %s by default', async (file, value) => {
    const { layers, taken } = await listLayers(goldenPath(`${file}.onnx`));
    expect(taken.map((layer) => layer.value)).toEqual([value]);
    const listed = new Set(layers.map((layer) => layer.value));
    expect([...listed]).toHaveLength(layers.length);
    expect(listed.has(value)).toBe(true);
  });

  test('names it for a discriminator too, whose default it is not', async () => {
    const path = goldenPath('../tiny/discriminator.onnx');
    const names = async (layers: string) => (await listLayers(path, { layers })).taken.map(({ op }) => op);
    expect([await names('auto'), await names('last-activation'), await names('last-conv')]).toEqual([
      ['Conv'],
      ['LeakyRelu'],
      ['Conv'],
    ]);
  });
});
