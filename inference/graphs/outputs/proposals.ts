/** @file Detectors in two stages: the first proposes boxes, the second scores the classes of those that were picked. */
import { nodeLabel, type Graph, type Node } from '../../../onnx/graph/graph.js';
import { ancestors, descendants } from '../links.js';

/** Operators that leave each score its place in the row. */
const moving = new Set('Identity Reshape Flatten Squeeze Unsqueeze Cast Transpose Slice Split Sigmoid'.split(' '));

/** Whether a row of scores ranks boxes, some of which are picked: the scores of a first stage. */
export function ranksBoxes(graph: Graph, value: string): boolean {
  const after = new Set([value]);
  const ranking: Node[] = [];
  for (const node of graph.nodes) {
    if (!after.has(node.inputs[0] ?? '') || node.domain !== '') continue;
    if (node.op === 'TopK') ranking.push(node);
    else if (moving.has(node.op)) for (const output of node.outputs) after.add(output);
  }
  return ranking.some(({ outputs }) => {
    const picked = descendants(graph, outputs[1] ?? '');
    return graph.nodes.some(
      ({ op, inputs }) => (op === 'NonMaxSuppression' || op === 'RoiAlign') && inputs.some((name) => picked.has(name)),
    );
  });
}

/** What cuts out the regions of a second stage before an output, in words for errors. */
export function secondStage(graph: Graph, output: string): string | undefined {
  const before = ancestors(graph, output);
  const regions = graph.nodes.find(({ op, outputs }) => op === 'RoiAlign' && outputs.some((name) => before.has(name)));
  return (
    regions &&
    `the output of a detector in two stages, whose classes are scored in a number of regions (${nodeLabel(regions)}) that each picture decides`
  );
}
