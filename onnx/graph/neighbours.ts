/** @file Which node makes each value, and which nodes read it, also in their subgraphs. */
import type { Node } from './graph.js';
import { valuesRead } from './order.js';

/** The node that makes each value. */
export function producersOf({ nodes }: { nodes: readonly Node[] }): Map<string, Node> {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** The nodes that read each value. */
export function consumersOf({ nodes }: { nodes: readonly Node[] }): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const name of new Set(valuesRead(node))) {
      const known = consumers.get(name);
      if (known) known.push(node);
      else consumers.set(name, [node]);
    }
  }
  return consumers;
}
