/** @file Where a network's scores are: its logits, before sigmoid or softmax. */
import { InputError } from '../onnx/errors.js';
import type { Dim, Graph, Model, Node, Shape } from '../onnx/graph.js';
import { Types } from '../onnx/types.js';
import { readGanMetadata } from './metadata.js';

/** A network's scores before their activation. */
export interface ScoreHead {
  /** `discriminator`: one logit per picture; `classifier`: one per class. */
  kind: 'discriminator' | 'classifier';
  /** The value that holds the logits. */
  logits: string;
  /** Logits per picture. */
  classes: number;
  /** What the network makes of its logits; missing if it ends with them. */
  activation?: 'sigmoid' | 'softmax';
}

/** Logits per picture, those of all positions counted. */
export function scoreCount({ classes }: ScoreHead): number {
  return classes;
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
 * @throws InputError if the output is not one score per picture or one per class
 */
export function scoreHead(model: Model): ScoreHead {
  const { graph } = model;
  const types = Types.of(graph);
  const stated = readGanMetadata(model.metadata)?.logits ?? ['logit'];
  const named = graph.outputs.find(({ name }) => stated.includes(name));
  const output = named ?? graph.outputs[0];
  if (!output) throw new InputError('model: expected an output with scores; got a graph without outputs');
  const found = beforeActivation(graph, output.name);
  const activation = found.activation ?? activationOf(graph, found.value);
  const classes = scoresPerPicture(types.shape(found.value), graph, output.name);
  const kind = classes === 1 ? 'discriminator' : 'classifier';
  return { kind, logits: found.value, classes, ...(activation && { activation }) };
}

/** What the last activation on the way to `output` acts on, or the output itself where there is none. */
function beforeActivation(graph: Graph, output: string): { value: string; activation?: ScoreHead['activation'] } {
  const producers = new Map<string, Node>(
    graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
  );
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
  const direct = beforeReshapes(graph, logits);
  return graph.outputs
    .map(({ name }) => beforeActivation(graph, name))
    .find(({ value, activation }) => activation && beforeReshapes(graph, value) === direct)?.activation;
}

function beforeReshapes(graph: Graph, value: string): string {
  const node = graph.nodes.find(({ outputs }) => outputs.includes(value));
  return node && passing.has(node.op) ? beforeReshapes(graph, node.inputs[0] as string) : value;
}

/** @throws InputError unless the shape is one score per picture or one per class */
function scoresPerPicture(shape: Shape | undefined, graph: Graph, output: string): number {
  const batch = graph.inputs[0]?.value?.shape?.[0];
  const perPicture =
    shape && (shape.length === 1 && sameBatch(shape[0], batch) ? [1] : shape.length < 2 ? shape : shape.slice(1));
  const scores = perPicture?.filter((size) => size !== 1) ?? [''];
  const [only = 1] = scores;
  if (scores.length > 1 || typeof only !== 'number' || (shape?.length === 1 && only !== 1)) {
    throw new InputError(
      `output "${output}": expected one score per picture, or one per class [batch, classes]; got ` +
        (shape ? `[${shape.join(', ')}]` : 'a shape that cannot be inferred'),
    );
  }
  return only;
}

function sameBatch(size: Dim | undefined, batch: Dim | undefined): boolean {
  return size === batch || typeof size === 'string';
}
