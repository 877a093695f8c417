/** @file Small networks for the tests of layers. */
import { GraphBuilder } from '../../onnx/build/build.js';
import { float32Tensor } from '../../onnx/graph/tensor.js';

export const [HEIGHT, WIDTH] = [16, 32];

/** A builder with convolutions and linear layers of zeros. */
export class Layers {
  readonly b = new GraphBuilder();
  readonly image = this.b.input('image', 'float32', ['batch', 3, HEIGHT, WIDTH]);

  /** 3×3, of the same size, or with a stride of 2 of half of it. */
  conv(x: string, channels: number, name: string, stride = 1): string {
    const from = Number(this.b.shape(x)[1]);
    const kernel = this.zeros(channels, from, 3, 3);
    return this.b.op('Conv', [x, kernel], { strides: [stride, stride], pads: [1, 1, 1, 1] }, name);
  }

  relu(x: string, name: string): string {
    return this.b.op('Relu', [x], {}, name);
  }

  zeros(...dims: number[]): string {
    const size = dims.reduce((a, b) => a * b);
    return this.b.initializer(`zeros${this.b.graph.initializers.size}`, float32Tensor(new Float32Array(size), dims));
  }

  ones(count: number): string {
    return this.b.initializer(
      `ones${this.b.graph.initializers.size}`,
      float32Tensor(new Float32Array(count).fill(1), [count]),
    );
  }

  /** Global average and a linear layer: scores of classes. */
  classified(x: string): string {
    const pooled = this.b.op('Flatten', [this.b.op('GlobalAveragePool', [x])], { axis: 1 });
    return this.b.matMul(pooled, this.zeros(Number(this.b.shape(x)[1]), 5));
  }

  upsampled(x: string): string {
    const scales = this.b.initializer(`scales_${x}`, float32Tensor([1, 1, 2, 2], [4]));
    return this.b.op('Resize', [x, '', scales], { mode: 'nearest' }, `${x}_up`);
  }
}
