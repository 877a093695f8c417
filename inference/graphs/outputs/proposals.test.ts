import { describe, expect, test } from 'vitest';
import { emptyGraph, GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import { scoreHead } from '../../networks/find-score-head.js';

/** Twelve scored boxes of a grid, of which five are picked, whose regions are scored for classes. */
function twoStages(): Model {
  const b = new GraphBuilder(emptyGraph('detector'));
  const features = b.op('Neg', [b.input('image', 'float32', [1, 3, 4, 4])], {}, 'features');
  const weights = (name: string, ...dims: number[]) =>
    b.initializer(name, float32Tensor(new Float32Array(dims.reduce((x, y) => x * y, 1)), dims));
  const objects = b.reshape(b.op('Conv', [features, weights('object', 3, 3, 2, 2)], { strides: [2, 2] }), [1, 12]);
  const ranked = b.op('Identity', [objects], {}, 'objects');
  const [, places = ''] = b.ops('TopK', [ranked, b.ints([5])], 2, { axis: 1 }, 'top');
  const boxes = b.op('Gather', [weights('anchors', 12, 4), b.reshape(places, [5])], { axis: 0 });
  const batch = b.op('Mul', [b.reshape(places, [5]), b.ints([0])]);
  const regions = b.op('RoiAlign', [features, boxes, batch], { output_height: 1, output_width: 1 }, 'regions');
  const classes = b.op('MatMul', [b.op('Flatten', [regions], { axis: 1 }), weights('classes', 3, 4)]);
  const scores = b.op('Unsqueeze', [b.op('Softmax', [classes], { axis: 1 }), b.ints([0])]);
  const corners = b.op('Unsqueeze', [boxes, b.ints([0])]);
  const moved = b.transpose(scores, [0, 2, 1]);
  b.output(b.op('NonMaxSuppression', [corners, moved, b.ints([3])], {}, 'kept'));
  return modelOfGraph(b.graph);
}

describe('scoreHead(model of a detector in two stages)', () => {
  test('reads the scores of the first stage as those of boxes', () => {
    expect(scoreHead(twoStages(), 'objects')).toMatchObject({
      kind: 'boxes',
      logits: 'objects',
      classes: 1,
      grid: { height: 1, width: 12 },
    });
  });

  test('refuses what the second stage picks, by the node that cuts out its regions', () => {
    expect(() => scoreHead(twoStages())).toThrow(
      'got the output of a detector in two stages, whose classes are scored in a number of regions (RoiAlign "regions") that each picture decides',
    );
  });
});
