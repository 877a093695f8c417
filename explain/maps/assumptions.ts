/** @file What was assumed of the output and the layers that are explained. */
import type { Assumption } from '../../inference/graphs/assumption.js';
import type { FoundHead } from '../../inference/networks/find-score-head.js';
import type { ScoreHead } from '../../inference/networks/score-head.js';
import { nodeLabel, type Node } from '../../onnx/graph/graph.js';
import { isPicture } from '../targets/targets.js';
import type { ChosenLayers } from '../network/layers.js';

/** Which output is explained, as what, and what was left out. */
export function assumedOfOutput(
  { head, output, through, others, features }: FoundHead,
  labels: readonly string[] | undefined,
  stated: boolean,
): Assumption[] {
  const before = head.logits === output ? '' : `, explained at "${head.logits}"`;
  const why = stated
    ? 'as stated'
    : through
      ? `the scores behind ${through}`
      : others.length > 0
        ? `others are ${others.join(', ')}`
        : 'the only output with scores';
  const doubt =
    features !== undefined && !labels
      ? `, which may be features and no scores, as no layer with weights follows ${features}`
      : '';
  const maybePicture =
    head.picture === 'perhaps' && !labels ? ', or a picture of 3 channels, which the graph does not tell' : '';
  const names = labels ? `, ${labels.length} names` : '';
  const part = head.part ? `, of which the output shows ${head.part.join(', ')}` : '';
  return [
    {
      about: 'output',
      taken: `"${output}"${before}: ${describedHead(head)}${part}${names}${doubt}${maybePicture}`,
      because: why,
      options: ['output', 'target', 'labels'],
    },
  ];
}

function describedHead(head: ScoreHead): string {
  const { kind, classes, grid, activation, within, picture, quantity } = head;
  const before = activation ? ` before ${activation}` : quantity === 'probability' ? ', as probabilities' : '';
  const positions = grid && `${grid.height}×${grid.width} positions`;
  switch (kind) {
    case 'discriminator':
      return `one score per picture${before}, above 0 for real`;
    case 'single':
      return `one score per picture${before}`;
    case 'classifier':
      return `${classes} classes${before}`;
    case 'dense':
      if (isPicture(head)) return `a picture of ${classes} channels at ${positions}, as ${picture}`;
      return `${classes === 1 ? 'one score' : `${classes} classes`} at ${positions}${before}`;
    case 'boxes':
      return `${classes === 1 ? 'one score' : `${classes} classes`} of ${grid?.width ?? 0} boxes${before}${within?.object === undefined ? '' : ', times the score of an object'}`;
  }
}

/** Which layers are explained where none was named. */
export function assumedOfLayers({ groups, because }: ChosenLayers): Assumption[] {
  if (because === undefined) return [];
  const shown = groups.flat().map(({ name, op, shape }) => `${name} (${op} [${shape.join(', ')}])`);
  return [{ about: 'layer', taken: shown.join(' + '), because, options: ['layers', 'listLayers'] }];
}

/** Files that are not explained. @param skipped a line for each, which begins with its path */
export function assumedOfSkipped(skipped: readonly string[]): Assumption[] {
  const [first] = skipped;
  if (first === undefined) return [];
  return [
    {
      about: 'passed over',
      taken: `${skipped.length} ${skipped.length === 1 ? 'file' : 'files'}, such as ${first}`,
      because: 'what cannot be read is left out',
      options: ['followLinks'],
    },
  ];
}

/** Pictures of a batch that influence each other. @param batch the model's, if it is fixed */
export function assumedOfMixing(mixer: Node, batch?: number): Assumption {
  const copies = batch === undefined ? '' : `, copies of each fill the batch of ${batch}`;
  return {
    about: 'batch',
    taken: `pictures are explained one by one${copies}`,
    because: becauseOfMixing(mixer),
    options: [],
  };
}

/** The same of a graph that others run. */
export function assumedOfMixingHeatmaps(mixer: Node): Assumption {
  return {
    about: 'batch',
    taken: 'a heatmap is that of its picture alone where copies of one picture fill the batch',
    because: becauseOfMixing(mixer),
    options: [],
  };
}

const becauseOfMixing = (mixer: Node) => `${nodeLabel(mixer)} lets the pictures of a batch influence each other`;
