/** @file DiffAugment in the graph: each change on a small picture, and gradients that flow back through all of them. */
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createSession } from '../../../../inference/runtime/session.node.js';
import { emptyGraph, GraphBuilder, gradients, modelOfGraph } from '../../../../onnx/index.js';
import { augmentationColumns } from '../../state/augmentation.js';
import type { AugmentationName } from '../../../settings/config.js';
import { configWith } from '../../../settings/presets.js';
import { augmented } from './augment.js';

/** One grey 4×4 picture: 1 to 16. */
const picture = Float32Array.from({ length: 16 }, (_, at) => at + 1);
const neutral = { brightness: 0, saturation: 1, contrast: 1, row_shift: 0, column_shift: 0, cut_row: 0, cut_column: 0 };

/** The picture after the changes, and the gradient of the sum of its values. */
async function changed(diffaugment: AugmentationName[], numbers: Partial<typeof neutral>) {
  const b = new GraphBuilder(emptyGraph('augment'));
  const x = b.input('x', 'float32', [1, 1, 4, 4]);
  const y = augmented(b, x, 'numbers', configWith('space', { diffaugment }));
  b.output(gradients(b, y, [x]).get(x) as string, 'gradient');
  b.output(y, 'y');
  const session = await createSession(modelOfGraph(b.graph));
  const row = augmentationColumns.map((name) => ({ ...neutral, ...numbers })[name]);
  const { y: found, gradient } = await session.run({
    x: new Tensor('float32', picture, [1, 1, 4, 4]),
    numbers: new Tensor('float32', Float32Array.from(row), [1, row.length]),
  });
  await session.release();
  const rows = (tensor: Tensor | undefined) => {
    const data = [...((tensor?.data ?? []) as Float32Array)];
    return [0, 4, 8, 12].map((start) => data.slice(start, start + 4));
  };
  return { y: rows(found), gradient: rows(gradient) };
}

describe('augmented(b, pictures, numbers, config)', () => {
  it('is the picture itself, without a node or input, where nothing is on', () => {
    const b = new GraphBuilder(emptyGraph('plain'));
    const x = b.input('x', 'float32', [1, 1, 4, 4]);
    expect(augmented(b, x, 'numbers', configWith('space'))).toBe('x');
    expect([b.graph.nodes.length, b.graph.inputs.length, b.graph.initializers.size]).toEqual([0, 1, 0]);
  });

  it('brings pixel (rows, columns) to the corner, with zeros where nothing is left', async () => {
    const { y, gradient } = await changed(['translation'], { row_shift: 1, column_shift: -2 });
    expect(y).toEqual([
      [0, 0, 5, 6],
      [0, 0, 9, 10],
      [0, 0, 13, 14],
      [0, 0, 0, 0],
    ]);
    expect(gradient).toEqual([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ]);
  });

  it('cuts out a square of half the size, as far as it lies inside', async () => {
    const { y, gradient } = await changed(['cutout'], { cut_row: 2, cut_column: 4 });
    expect(y).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 0],
      [9, 10, 11, 0],
      [13, 14, 15, 16],
    ]);
    expect(gradient[1]).toEqual([1, 1, 1, 0]);
  });

  it('changes with ada those pictures alone whose last number is 1', async () => {
    const b = new GraphBuilder(emptyGraph('augment'));
    const x = b.input('x', 'float32', [2, 1, 4, 4]);
    const y = augmented(b, x, 'numbers', configWith('space', { diffaugment: ['color'], ada: true }));
    b.output(gradients(b, y, [x]).get(x) as string, 'gradient');
    b.output(y, 'y');
    const session = await createSession(modelOfGraph(b.graph));
    const row = (applied: number) => [
      ...augmentationColumns.map((name) => ({ ...neutral, brightness: 0.5, contrast: 0.5 })[name]),
      applied,
    ];
    const found = await session.run({
      x: new Tensor('float32', Float32Array.from([...picture, ...picture]), [2, 1, 4, 4]),
      numbers: new Tensor('float32', Float32Array.from([...row(0), ...row(1)]), [2, augmentationColumns.length + 1]),
    });
    await session.release();
    const values = Array.from((found['y'] as Tensor).data as Float32Array);
    expect(values.slice(0, 16)).toEqual([...picture]);
    expect(values.slice(16, 20)).toEqual([5.25, 5.75, 6.25, 6.75]);
    expect(
      Array.from((found['gradient'] as Tensor).data as Float32Array).every((value) => Math.abs(value - 1) < 1e-6),
    ).toBe(true);
  });

  it('changes brightness, then contrast around the mean', async () => {
    const { y, gradient } = await changed(['color'], { brightness: 0.5, contrast: 0.5 });
    expect(y[0]).toEqual([5.25, 5.75, 6.25, 6.75]); // mean 9: 9 + (1.5 − 9)/2 and so on
    expect(gradient.flat().every((value) => Math.abs(value - 1) < 1e-6)).toBe(true);
  });
});
