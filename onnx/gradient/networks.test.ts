/** @file Gradients of networks as others write them against PyTorch's and TensorFlow's, in the files of their exporters. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  exportedNetworks,
  golden,
  goldenPath,
  relativeError,
  trainedNetworks,
  type ExportedInfo,
} from '../../fixtures/golden.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { loadModel } from '../files/load.node.js';
import { upgradedModel } from '../upgrade/upgrade.js';
import { modelBytes } from '../files/write.js';
import { gradients } from './walk.js';

/** Of the largest element of each gradient; theirs are computed in float64. */
const TOLERANCE = 1e-4;

describe.each([...exportedNetworks, ...trainedNetworks])('gradients(…) of %s', (network) => {
  const { info, names, tensor } = golden<ExportedInfo>(network);

  it.each(Object.keys(info.values))(
    `written by %s agree with theirs to ${TOLERANCE}, at every layer`,
    async (exporter) => {
      const layers = Object.entries(info.values[exporter] as Record<string, string>);
      expect(layers.length).toBeGreaterThan(3);
      const b = new GraphBuilder(upgradedModel(await loadModel(goldenPath(`${network}-${exporter}.onnx`))).graph);
      const cotangent = b.input('cotangent', 'float32', b.shape('output'));
      const found = gradients(b, 'output', ['input', ...layers.map(([, value]) => value)], { cotangent });
      for (const [value, gradient] of found) b.output(gradient as string, `golden/${value}`);
      const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), { logSeverityLevel: 3 });
      const pictures = names.includes('input') ? tensor('input') : golden('pictures').tensor('input');
      const last = b.shape('input')[3] === 3;
      const feeds = {
        input: last ? channelsLast(pictures) : new Tensor('float32', pictures.data, pictures.shape),
        cotangent: new Tensor('float32', tensor('seed').data, tensor('seed').shape),
      };
      const results = await session.run(feeds);
      await session.release();
      const data = (value: string) => results[value]?.data as Float32Array;
      expect(relativeError(data('output'), tensor('output').data)).toBeLessThan(1e-5);
      expect(relativeError(data('golden/input'), tensor('gradient').data)).toBeLessThan(TOLERANCE);
      for (const [layer, value] of layers) {
        const expected = tensor(`projected/${layer}`);
        const { dims } = results[`golden/${value}`] as Tensor;
        const isPicture = dims.length === 4 && dims[2] === dims[3];
        expect(
          relativeError(projected(data(`golden/${value}`), dims, isPicture ? 1 : dims.length - 1), expected.data),
          layer,
        ).toBeLessThan(TOLERANCE);
      }
    },
  );
});

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast({ data, shape }: { data: Float32Array; shape: number[] }): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const moved = data.map((_, at) => {
    const [position, channel] = [Math.floor(at / channels), at % channels];
    return data[(Math.floor(position / plane) * channels + channel) * plane + (position % plane)] as number;
  });
  return new Tensor('float32', moved, [batch, height, width, channels]);
}

/** Σ_c cos(c)·gradient over the axis of channels, as the golden files hold it. */
function projected(gradient: Float32Array, dims: readonly number[], axis: number): Float64Array {
  const count = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  const [channels, inner] = [dims[axis] as number, count(dims.slice(axis + 1))];
  const sums = new Float64Array(gradient.length / channels);
  gradient.forEach((value, at) => {
    const channel = Math.floor(at / inner) % channels;
    const position = Math.floor(at / (inner * channels)) * inner + (at % inner);
    sums[position] = (sums[position] as number) + Math.cos(channel) * value;
  });
  return sums;
}
