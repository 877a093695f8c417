/** @file Networks whose values have the names of what is fed beside the picture. */
import { expect, test } from 'vitest';
import type { Model } from '../../onnx/graph/graph.js';
import { explained, HEIGHT, SPOT, WIDTH } from '../explained.test.helper.js';
import { brightnessNetwork } from '../networks.test.helper.js';

/** The network with its last weights under another name. */
function renamed({ graph, ...model }: Model, name: string): Model {
  const own = (value: string) => (value === 'weights' ? name : value);
  return {
    ...model,
    graph: {
      ...graph,
      initializers: new Map([...graph.initializers].map(([value, tensor]) => [own(value), tensor])),
      nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(own) })),
    },
  };
}

test.each(['target_weights', 'baseline_picture', 'layer_change'])('a network may have a value %s', async (name) => {
  const network = brightnessNetwork({ height: HEIGHT, width: WIDTH, weights: [1, -1] });
  const options = {
    layers: 'features_conv',
    methods: ['gradcam', 'ablationcam', 'smoothgrad', 'deeplift', 'conductance', 'layer-deeplift'],
    targets: 0,
    runs: { samples: 2, steps: 2 },
  } as const;
  const [maps, expected] = [
    await explained(renamed(network, name), [SPOT], options),
    await explained(network, [SPOT], options),
  ];
  expect(maps.map(({ method, signed }) => [method, signed])).toEqual(
    expected.map(({ method, signed }) => [method, signed]),
  );
});
