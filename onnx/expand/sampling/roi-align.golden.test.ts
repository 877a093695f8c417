/** @file The gradient of RoiAlign by the picture against torchvision's, both in float64. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { goldenSamples, relativeError } from '../../../fixtures/golden.js';
import { GraphBuilder, modelOfGraph } from '../../build/build.js';
import { modelBytes } from '../../files/write.js';
import { gradients } from '../../gradient/walk.js';
import { float } from '../../graph/attributes.js';
import { elementCount } from '../../graph/graph.js';
import { int64Tensor } from '../../graph/tensor.js';

interface Regions {
  picture: number[];
  output: [number, number];
  scale: number;
  regions: number[][];
  pictures: number[];
  cases: { aligned: boolean; samples: number }[];
}

const { info, numbers } = goldenSamples<Regions>('regions');
const count = elementCount(info.picture);
const rows = Float64Array.from(info.regions.flat());

describe('the gradient of RoiAlign by the picture', () => {
  it.each(info.cases.map((entry, at) => ({ ...entry, at })))(
    "is torchvision's: aligned $aligned, sampling ratio $samples",
    async ({ aligned, samples, at }) => {
      const b = new GraphBuilder();
      const x = b.input('x', 'float64', info.picture);
      const regions =
        samples === 0
          ? b.initializer('regions', { type: 'float64', dims: [info.regions.length, 4], data: rows })
          : b.input('regions', 'float64', [info.regions.length, 4]);
      const attributes = {
        coordinate_transformation_mode: aligned ? 'half_pixel' : 'output_half_pixel',
        sampling_ratio: samples,
        spatial_scale: float(info.scale),
        output_height: info.output[0],
        output_width: info.output[1],
      };
      const y = b.op('RoiAlign', [x, regions, b.initializer('pictures', int64Tensor(info.pictures))], attributes, 'y');
      const cotangent = b.input('seed', 'float64', b.shape(y));
      b.output(gradients(b, y, [x], { cotangent }).get(x) as string, 'gradient');
      const session = await InferenceSession.create(modelBytes(modelOfGraph(b.graph)), { logSeverityLevel: 3 });
      const shape = b.shape(y) as number[];
      const seed = Float64Array.from({ length: elementCount(shape) }, (_, index) => Math.cos(0.9 * index));
      const feeds: Record<string, Tensor> = {
        x: new Tensor(
          'float64',
          new Float64Array(count).map((_, index) => Math.sin(1.7 * index)),
          info.picture,
        ),
        regions: new Tensor('float64', rows, [info.regions.length, 4]),
        seed: new Tensor('float64', seed, shape),
      };
      const used = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name] as Tensor]));
      const { gradient } = await session.run(used);
      await session.release();
      const expected = numbers.subarray(at * count, (at + 1) * count);
      expect(relativeError(gradient?.data as Float64Array, expected)).toBeLessThan(1e-12);
    },
  );
});
