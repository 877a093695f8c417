/** @file A second copy of a network in the same graph, for another input. */
import type { GraphBuilder } from '../../build/build.js';
import { InputError } from '../../errors.js';
import { nodeLabel, type Node } from '../../graph/graph.js';
import { subgraphNodes, valuesRead } from '../../graph/order.js';

/**
 * Gives for each value of a graph the value that the same nodes compute from another input. Nodes that do not depend on the input
 * are shared, and the others copied: those of the given graph at once, those that are appended to it later when their values are
 * asked for. What no wanted output needs should be pruned before.
 */
export class Twin {
  readonly #made: Map<string, string>;
  readonly #producers = new Map<string, Node>();
  #seen = 0;

  /** @param other a value of the type of `input` */
  constructor(
    readonly b: GraphBuilder,
    input: string,
    other: string,
  ) {
    this.#made = new Map([[input, other]]);
    // In topological order: where a node is copied, what it reads was copied before, so calls are not nested deeply.
    for (const output of b.graph.nodes.flatMap(({ outputs }) => outputs)) if (output) this.of(output);
  }

  /** @throws InputError naming a node with subgraphs that depends on the input */
  of(value: string): string {
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    const node = this.#producer(value);
    const twin = node ? this.#copied(node, value) : value;
    this.#made.set(value, twin);
    return twin;
  }

  #producer(value: string): Node | undefined {
    const { nodes } = this.b.graph;
    for (; this.#seen < nodes.length; this.#seen++) {
      const node = nodes[this.#seen] as Node;
      for (const output of node.outputs) this.#producers.set(output, node);
    }
    return this.#producers.get(value);
  }

  #copied(node: Node, value: string): string {
    const read = valuesRead(node);
    const twins = read.map((name) => this.of(name));
    if (twins.every((twin, i) => twin === read[i])) return value;
    if (subgraphNodes(node).length > 0)
      throw new InputError(`${nodeLabel(node)}: cannot be copied for a baseline (it has subgraphs)`);
    const outputs = node.outputs.map((name) => (name === '' ? '' : this.b.unique(`${name}_baseline`)));
    const inputs = node.inputs.map((name) => (name === '' ? '' : this.of(name)));
    this.b.append({ ...node, name: this.b.unique(`${node.name}_baseline`), inputs, outputs });
    node.outputs.forEach((name, i) => name !== '' && this.#made.set(name, outputs[i] as string));
    return this.of(value);
  }
}
