/** @file Where a network's scores are: its logits, before sigmoid or softmax. */
import { InputError } from '../../onnx/errors.js';
import { inputOf, type Dim, type Graph, type Model, type Node, type Shape } from '../../onnx/graph/graph.js';
import { expectWithin } from '../../onnx/graph/limits.js';
import { Types } from '../../onnx/shapes/types.js';
import { readGanMetadata } from './metadata.js';

/** A network's scores before their activation. */
export interface ScoreHead {
  /** `discriminator`: one logit per picture; `classifier`: one per class; `dense`: one per class and position. */
  kind: 'discriminator' | 'classifier' | 'dense';
  /** The value that holds the logits. */
  logits: string;
  /** Logits per picture, or per position. */
  classes: number;
  /** Positions of a dense output. */
  grid?: { height: number; width: number };
  /** What the network makes of its logits; missing if it ends with them. */
  activation?: 'sigmoid' | 'softmax';
}

/** Logits per picture, those of all positions counted. */
export function scoreCount({ classes, grid }: Pick<ScoreHead, 'classes' | 'grid'>): number {
  return classes * (grid ? grid.height * grid.width : 1);
}

const activations: Readonly<Record<string, ScoreHead['activation']>> = {
  Sigmoid: 'sigmoid',
  Softmax: 'softmax',
  LogSoftmax: 'softmax',
};
const passing = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout', 'Log', 'Clip']);

/**
 * Finds the logits: the output that the model's metadata call so, or that is named `logit`, else the first output; walking
 * back from it through reshaping operators to before the activation, if one is there.
 * @param model of our dialect, in topological order
 * @param wanted name of the output that is meant, or of any value in the graph
 * @throws InputError if there is no such value, or it is not one score per picture, per class, or per class and position
 */
export function scoreHead(model: Model, wanted?: string): ScoreHead {
  const { graph } = model;
  const types = Types.of(graph);
  const output = wanted === undefined ? defaultOutput(model) : knownValue(graph, wanted);
  const found = beforeActivation(graph, output);
  const activation = found.activation ?? activationOf(graph, found.value);
  const scores = scoresPerPicture(types.shape(found.value), graph, output);
  const batch = graph.inputs[0]?.value?.shape?.[0];
  expectWithin('classes', scores.classes, `output "${output}"`);
  expectWithin('runElements', scoreCount(scores) * (typeof batch === 'number' ? batch : 1), `output "${output}"`);
  return { logits: found.value, ...scores, ...(activation && { activation }) };
}

function defaultOutput({ graph, metadata }: Model): string {
  const stated = readGanMetadata(metadata)?.logits ?? ['logit'];
  const output = graph.outputs.find(({ name }) => stated.includes(name)) ?? graph.outputs[0];
  if (output) return output.name;
  throw new InputError({ name: 'model', expected: 'an output with scores', got: 'a graph without outputs' });
}

/** @throws InputError naming the outputs there are */
function knownValue(graph: Graph, name: string): string {
  if (graph.nodes.some(({ outputs }) => outputs.includes(name))) return name;
  const outputs = graph.outputs.map((output) => output.name).join(', ');
  throw new InputError({ name: 'output', expected: `${outputs}, or another value of the graph`, got: `"${name}"` });
}

/** What the last activation on the way to `output` acts on, or the output itself where there is none. */
function beforeActivation(graph: Graph, output: string): { value: string; activation?: ScoreHead['activation'] } {
  const producers = producersOf(graph);
  for (let value = output; ;) {
    const node = producers.get(value);
    const input = node?.inputs[0];
    if (!node || input === undefined || node.domain !== '') return { value: output };
    const activation = activations[node.op];
    if (activation) return { value: input, activation };
    if (!passing.has(node.op)) return { value: output };
    value = input;
  }
}

/** The activation by which another output of the graph is made of the same logits. */
function activationOf(graph: Graph, logits: string): ScoreHead['activation'] {
  const producers = producersOf(graph);
  const direct = beforeReshapes(producers, logits);
  return graph.outputs
    .map(({ name }) => beforeActivation(graph, name))
    .find(({ value, activation }) => activation && beforeReshapes(producers, value) === direct)?.activation;
}

function beforeReshapes(producers: ReadonlyMap<string, Node>, from: string): string {
  let value = from;
  for (let node = producers.get(value); node && passing.has(node.op); node = producers.get(value))
    value = inputOf(node);
  return value;
}

function producersOf(graph: Graph): Map<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** @throws InputError unless the shape is one score per picture, per class, or per class and position */
function scoresPerPicture(
  shape: Shape | undefined,
  graph: Graph,
  output: string,
): Pick<ScoreHead, 'kind' | 'classes' | 'grid'> {
  const batch = graph.inputs[0]?.value?.shape?.[0];
  const [classes, height = 1, width = 1, ...rest] =
    shape?.length === 1 && sameBatch(shape[0], batch) ? [1] : (shape ?? []).slice(1);
  if ([classes, height, width].every((size) => typeof size === 'number') && rest.length === 0) {
    const sizes = [classes, height, width] as [number, number, number];
    const several = sizes.filter((size) => size !== 1);
    // Scores of classes may stand on any axis of size 1 otherwise.
    if (several.length <= 1)
      return { kind: several.length === 0 ? 'discriminator' : 'classifier', classes: several[0] ?? 1 };
    if (shape?.length === 4) return { kind: 'dense', classes: sizes[0], grid: { height: sizes[1], width: sizes[2] } };
  }
  throw new InputError(
    `output "${output}": expected one score per picture, one per class [batch, classes], or one per class and position ` +
      `[batch, classes, height, width]; got ${shape ? `[${shape.join(', ')}]` : 'a shape that cannot be inferred'}`,
  );
}

function sameBatch(size: Dim | undefined, batch: Dim | undefined): boolean {
  return size === batch || typeof size === 'string';
}
