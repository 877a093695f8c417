/** @file What was found of a graph before, so that each call does not read it again. */
import type { Graph } from '../../onnx/graph/graph.js';

const known = new WeakMap<Graph, Map<string, () => unknown>>();

/**
 * What `find` returns or throws, found once for each graph and key.
 * @param key all that the result depends on besides the graph; what is appended to the graph later must not matter
 */
export function remembered<T>(graph: Graph, key: readonly unknown[], find: () => T): T {
  const own = known.get(graph) ?? new Map<string, () => unknown>();
  known.set(graph, own);
  const name = JSON.stringify(key);
  const found = own.get(name) ?? answerOf(find);
  own.set(name, found);
  return found() as T;
}

/** A function that gives the result of another, or throws its error, without calling it again. */
function answerOf(find: () => unknown): () => unknown {
  try {
    const result = find();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
