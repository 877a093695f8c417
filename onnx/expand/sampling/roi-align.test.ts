/** @file RoiAlign's expansion computes what ONNX Runtime's RoiAlign computes. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../build/build.js';
import { outputsOf } from '../../gradient/check.test.helper.js';
import { gradients } from '../../gradient/walk.js';
import { float } from '../../graph/attributes.js';
import type { Node } from '../../graph/graph.js';
import { float32Tensor, int64Tensor } from '../../graph/tensor.js';
import { roiAlign } from './roi-align.js';

/** Inside, over the edges, of a fraction of a pixel, of no and of negative width, outside, and the whole picture. */
const regions = [
  [0.4, 0.3, 5.9, 4.7],
  [-3.1, -2.5, 3.3, 4.2],
  [4.2, 3.1, 9.6, 11.3],
  [2, 2, 2.3, 2.1],
  [3, 1, 3, 5],
  [3.5, 3, 3, 5],
  [20, 20, 25, 25],
  [0, 0, 7, 6],
];
const pictures = [0, 2, 1, 1, 0, 2, 0, 1];
const picture = { dims: [3, 2, 6, 7], data: Array.from({ length: 252 }, (_, at) => Math.sin(1.7 * at) + 0.1) };
const rows = { dims: [regions.length, 4], data: regions.flat() };

const modes = ['avg', 'max'].flatMap((mode) =>
  ['half_pixel', 'output_half_pixel'].flatMap((coordinates) =>
    [0, 1, 2, 3].flatMap((samples) =>
      [1, 0.8].map((scale) => ({ mode, coordinates, samples, scale, isConstant: samples !== 2 })),
    ),
  ),
);

interface Settings {
  mode: string;
  coordinates: string;
  samples: number;
  scale: number;
  isConstant: boolean;
}

/** The output of a RoiAlign of the picture above. */
function roiAlignOf(b: GraphBuilder, { mode, coordinates, samples, scale, isConstant }: Settings): string {
  const x = b.input('x', 'float32', isConstant ? picture.dims : ['N', ...picture.dims.slice(1)]);
  const given = isConstant
    ? b.initializer('rows', float32Tensor(rows.data, rows.dims))
    : b.input('rows', 'float32', ['R', 4]);
  const attributes = {
    mode,
    coordinate_transformation_mode: coordinates,
    sampling_ratio: samples,
    spatial_scale: float(scale),
    output_height: 3,
    output_width: 2,
  };
  return b.op('RoiAlign', [x, given, b.initializer('pictures', int64Tensor(pictures))], attributes, 'y');
}

describe('the expansion of RoiAlign', () => {
  it.each(modes)('computes the same: $mode $coordinates $samples $scale', async (settings) => {
    const b = new GraphBuilder();
    const y = roiAlignOf(b, settings);
    const [made] = roiAlign(b.graph.nodes.at(-1) as Node, b) as [string];
    b.output(y);
    b.output(made);
    const results = await outputsOf(b, { x: picture, ...(!settings.isConstant && { rows }) });
    const [own, theirs] = [results[made] ?? [], results[y] ?? []];
    expect(own).toHaveLength(regions.length * 2 * 3 * 2);
    expect(theirs.some((value) => value !== 0)).toBe(true);
    expect(Math.max(...own.map((value, at) => Math.abs(value - (theirs[at] as number))))).toBeLessThan(1e-5);
    if (settings.isConstant) expect(b.shape(made)).toEqual(b.shape(y));
  });

  it('gives no gradient towards the regions', () => {
    const b = new GraphBuilder();
    const y = roiAlignOf(b, { mode: 'avg', coordinates: 'half_pixel', samples: 2, scale: 1, isConstant: false });
    const found = gradients(b, y, ['x', 'rows']);
    expect(found.get('rows')).toBeNull();
    expect(found.get('x')).not.toBeNull();
  });
});
