/** @file Networks in which the pictures of a batch influence each other. */
import { intsAttribute, numberAttribute } from '../../onnx/graph/attributes.js';
import type { Dim, Graph, Node, Shape } from '../../onnx/graph/graph.js';
import { Types } from '../../onnx/shapes/types.js';
import { ancestors, dependents } from './links.js';

/**
 * The first node before a value that mixes the pictures of a batch: batch normalization in training mode, or a mean or sum
 * over the batch, as in a layer of minibatch standard deviation.
 */
export function batchMixer(graph: Graph, input: string, value: string): Node | undefined {
  const batch = graph.inputs.find(({ name }) => name === input)?.value?.shape?.[0];
  const [after, before] = [dependents(graph, input), ancestors(graph, value)];
  const types = Types.of(graph);
  return graph.nodes.find((node) => {
    const [x = ''] = node.inputs;
    if (node.domain !== '' || !after.has(x) || !node.outputs.some((output) => before.has(output))) return false;
    const shape = types.shape(x);
    // Statistics of a single row are its own.
    if (node.op === 'BatchNormalization') return numberAttribute(node, 'training_mode', 0) === 1 && shape?.[0] !== 1;
    if (!node.op.startsWith('Reduce') || !shape || shape.length < 2 || types.get(x)?.type !== 'float32') return false;
    const axes = types.integers(node.inputs[1]) ?? intsAttribute(node, 'axes');
    const all = axes === undefined && numberAttribute(node, 'noop_with_empty_axes', 0) === 0;
    return shape.some(
      (_, axis) => isBatch(shape, axis, batch) && (all || axes?.includes(axis) || axes?.includes(axis - shape.length)),
    );
  });
}

/** Whether an axis holds the pictures of a batch: the first, any with the size that the model leaves open, or groups of them. */
function isBatch(shape: Shape, axis: number, batch: Dim | undefined): boolean {
  if (typeof batch !== 'string') return axis === 0 && shape[0] === batch;
  const [first, second] = shape;
  const areGroups = typeof first === 'number' && first > 1 && typeof second === 'string' && !shape.includes(batch);
  return shape[axis] === batch || (axis === 0 && areGroups);
}
