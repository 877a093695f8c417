/** @file Several training steps as one graph: a Loop whose body is the step. The state stays inside the runtime between steps. */
import { subgraphAttribute } from '../../../../onnx/files/write.js';
import { emptyGraph, GraphBuilder, type Graph } from '../../../../onnx/index.js';
import type { Node, Shape, Tensor, ValueInfo } from '../../../../onnx/graph/graph.js';
import type { StepGraph } from './step.js';
import { nextOf } from './weights.js';

/** Graph input with the number of steps. */
export const STEP_COUNT = 'step_count';

/** The graph input with an input of all steps, stacked: [steps, …]. */
export const allOf = (input: string): string => `${input}:all`;

/** The graph input with a tensor of the state before the first step. */
export const firstOf = (input: string): string => `${input}:first`;

/** The graph output with a tensor of the state after the last step. */
export const lastOf = (input: string): string => `${input}:last`;

/**
 * The step repeated `step_count` times, for any number of steps.
 * @param step with the inputs of one step
 * @returns a graph with inputs `allOf` and `firstOf`, and outputs `lastOf` and, of the results, `allOf` [steps]
 */
export function repeatedSteps({ graph, state, results }: StepGraph): Graph {
  const stateNames = state.map(({ input }) => input);
  const carried = new Set(stateNames);
  const inputs = new Map(graph.inputs.map((info) => [info.name, info]));
  // A body has no inputs but those of the Loop: what may be overridden stands outside of it.
  const [outside, fed] = [true, false].map((overridable) =>
    graph.inputs.filter(({ name }) => !carried.has(name) && graph.initializers.has(name) === overridable),
  ) as [ValueInfo[], ValueInfo[]];
  const initializers = new Map(graph.initializers);
  const b = new GraphBuilder(emptyGraph('gan-training-steps'));
  const shapeOf = (name: string): Shape => inputs.get(name)?.value?.shape ?? [];
  b.input(STEP_COUNT, 'int64', []);
  for (const { name } of fed) b.input(allOf(name), 'float32', ['steps', ...shapeOf(name)]);
  for (const name of stateNames) b.input(firstOf(name), 'float32', shapeOf(name));
  const node = (op: string, from: readonly string[], output: string): Node => ({
    op,
    domain: '',
    name: output,
    inputs: from,
    outputs: [output],
    attributes: {},
  });
  const [iteration, goOn, stillOn] = ['iteration', 'go_on', 'still_on'];
  const info = (name: string, type: 'int64' | 'bool'): ValueInfo => ({ name, value: { type, shape: [] } });
  for (const given of outside) {
    b.graph.inputs.push(given);
    b.graph.initializers.set(given.name, graph.initializers.get(given.name) as Tensor);
    initializers.delete(given.name);
  }
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const ofBody = (name: string) => outputs.get(name) as ValueInfo;
  const body: Graph = {
    ...graph,
    initializers,
    name: 'step',
    nodes: [
      ...fed.map(({ name }) => node('Gather', [allOf(name), iteration], name)),
      ...graph.nodes,
      node('Identity', [goOn], stillOn),
    ],
    inputs: [info(iteration, 'int64'), info(goOn, 'bool'), ...stateNames.map((name) => inputs.get(name) as ValueInfo)],
    outputs: [
      info(stillOn, 'bool'),
      ...stateNames.map((name) => ofBody(nextOf(name))),
      ...results.map((name) => ofBody(name)),
    ],
  };
  const made = [...stateNames.map(lastOf), ...results.map(allOf)];
  b.graph.nodes.push({
    op: 'Loop',
    domain: '',
    name: 'steps',
    inputs: [STEP_COUNT, '', ...stateNames.map(firstOf)],
    outputs: made,
    attributes: { body: subgraphAttribute('body', body) },
  });
  b.graph.outputs.push(
    ...stateNames.map((name) => ({ name: lastOf(name), value: { type: 'float32' as const, shape: shapeOf(name) } })),
    ...results.map((name) => ({ name: allOf(name), value: { type: 'float32' as const, shape: ['steps'] } })),
  );
  return b.graph;
}
