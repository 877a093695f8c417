/** @file Less memory in ONNX Runtime: hides sizes that its planner would use to keep buffers for later. */
import type { Graph, ValueInfo } from '../graph/graph.js';

/** Operators whose second input is a shape. */
const SHAPED = new Set(['Reshape', 'Expand']);

/**
 * The same computation, for a runtime that cannot tell the shapes of most values before they are made. ONNX Runtime plans the
 * use of memory when it loads a model: it keeps a buffer that is free for later values of the same shape, from the first of them to
 * the last. Where values of many shapes take turns, as in a training step, it then holds twice what is alive. Values of unknown
 * shape are freed when they have been used.
 *
 * Shapes that are initializers become ones that a caller may override, listed among the graph's inputs too. Apply this pass last.
 * @param inputs those whose first size is hidden
 */
export function openShapes(graph: Graph, inputs: readonly string[]): Graph {
  const hidden = new Set(inputs);
  const initializers = new Map(graph.initializers);
  const shapes = new Map<string, ValueInfo>();
  /** A copy: an initializer may also be what its users have to know, such as axes. */
  const openCopy = (name: string): string => {
    const tensor = graph.initializers.get(name);
    if (!tensor) return name;
    const copy = `${name}/open`;
    initializers.set(copy, tensor);
    shapes.set(copy, { name: copy, value: { type: 'int64', shape: tensor.dims } });
    return copy;
  };
  const nodes = graph.nodes.map((node) => {
    if (!SHAPED.has(node.op)) return node;
    const [data = '', shape = '', ...others] = node.inputs;
    return { ...node, inputs: [data, openCopy(shape), ...others] };
  });
  const opened = graph.inputs.map((info) => (hidden.has(info.name) ? withOpenRows(info) : info));
  return { ...graph, nodes, initializers, inputs: [...opened, ...shapes.values()] };
}

function withOpenRows({ name, value }: ValueInfo): ValueInfo {
  if (!value?.shape || value.shape.length === 0) return { name, ...(value && { value }) };
  return { name, value: { ...value, shape: ['', ...value.shape.slice(1)] } };
}
