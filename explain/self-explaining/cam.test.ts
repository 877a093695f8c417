import { describe, expect, test } from 'vitest';
import { camGraph } from './cam.js';
import { selectedLayers } from '../network/layers.js';
import { brightnessNetwork } from '../networks.test.helper.js';

const model = brightnessNetwork({ height: 8, width: 8, weights: [1, -1] });
const layers = selectedLayers(model.graph, 'features_conv');

describe('camGraph(model, options)', () => {
  test('has picture and target weights as inputs, and scores and maps as outputs', () => {
    const { model: made, ...names } = camGraph(model, { layers, methods: ['gradcam', 'gradcam++'] });
    expect(made.graph.inputs.map(({ name, value }) => [name, value?.shape])).toEqual([
      ['image', ['batch', 3, 8, 8]],
      ['target_weights', ['batch', 2]],
    ]);
    expect(names).toMatchObject({
      input: 'image',
      targetWeights: 'target_weights',
      head: { kind: 'classifier', classes: 2 },
    });
    const shapes = made.graph.outputs.map(({ name, value }) => [name, value?.shape]);
    expect(shapes).toEqual([
      [names.logits, ['batch', 2]],
      [names.score, ['batch']],
      ['features_conv/largest_gradient', ['batch']],
      ['features_conv/gradcam/signed', ['batch', 8, 8]],
      ['features_conv/gradcam/raw', ['batch', 8, 8]],
      ['features_conv/gradcam++/signed', ['batch', 8, 8]],
      ['features_conv/gradcam++/raw', ['batch', 8, 8]],
    ]);
  });

  test('keeps nothing of the model that maps and scores do not need', () => {
    const { model: made } = camGraph(model, { layers, methods: ['gradcam'] });
    const nodes = made.graph.nodes.map(({ name }) => name);
    expect(nodes).not.toContain('scores'); // the softmax
    expect(nodes).not.toContain('unused_conv');
  });

  test('differentiates the tail only: no gradient of the layer itself', () => {
    const { model: made } = camGraph(model, { layers, methods: ['gradcam'] });
    expect(made.graph.nodes.filter(({ name }) => name.startsWith('features_conv_grad/'))).toEqual([]);
  });

  test('says which layers the score does not depend on', () => {
    const both = selectedLayers(model.graph, 'features_conv,unused_conv');
    const { layers: outputs } = camGraph(model, { layers: both, methods: ['gradcam'] });
    expect(outputs.map(({ connected }) => connected)).toEqual([true, false]);
  });

  test('leaves the model as it was', () => {
    const before = model.graph.nodes.length;
    camGraph(model, { layers, methods: ['gradcam'] });
    expect(model.graph.nodes).toHaveLength(before);
    expect(model.graph.outputs).toHaveLength(2);
  });
});
