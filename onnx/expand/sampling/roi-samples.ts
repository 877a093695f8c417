/** @file How many samples RoiAlign takes of each bin where sampling_ratio is 0: one per pixel, by the region's size. */
import { numberAttribute, stringAttribute } from '../../graph/attributes.js';
import { inputOf, type Node } from '../../graph/graph.js';
import { numbersOf } from '../../graph/tensor.js';
import type { Types } from '../../shapes/types.js';

/** Regions with as many samples per bin, along rows and columns, as one another. */
export interface SampleGroup {
  samples: readonly [number, number];
  /** Their rows in the list of regions. */
  rows: number[];
}

/**
 * The regions of a RoiAlign by their samples.
 * @param output its height and width
 * @returns undefined where the regions are not constant
 */
export function sampleGroups(node: Node, types: Types, output: readonly [number, number]): SampleGroup[] | undefined {
  const name = inputOf(node, 1);
  const constant = types.constant(name);
  const numbers = constant ? numbersOf(constant) : types.numbers(name);
  if (!numbers) return undefined;
  // Rounded as ONNX Runtime rounds: a region of exactly two pixels must not get a third sample.
  const rounded = types.get(name)?.type === 'float64' ? (value: number) => value : Math.fround;
  const scale = Math.fround(numberAttribute(node, 'spatial_scale', 1));
  const halfPixel = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel';
  const samples = (from: number, to: number, bins: number): number => {
    const [start, end] = [from, to].map((value) => rounded(rounded(value * scale) - (halfPixel ? 0.5 : 0)));
    const size = rounded((end as number) - (start as number));
    return Math.max(0, Math.ceil(rounded((halfPixel ? size : Math.max(size, 1)) / bins)));
  };
  const groups = new Map<string, SampleGroup>();
  for (let row = 0; row < numbers.length / 4; row++) {
    const [x1, y1, x2, y2] = numbers.slice(4 * row, 4 * row + 4) as [number, number, number, number];
    const counts = [samples(y1, y2, output[0]), samples(x1, x2, output[1])] as const;
    const group = groups.get(counts.join()) ?? { samples: counts, rows: [] };
    group.rows.push(row);
    groups.set(counts.join(), group);
  }
  return [...groups.values()];
}
