/** @file Explanations of any number of prepared pictures, batch by batch. */
import { pictureSize } from '../network/feeds.js';
import { chosenLayers, type TokenGrid } from '../network/layers.js';
import type { Network } from '../network/network.js';
import {
  affordableMethods,
  checkedMethods,
  defaultMethods,
  explainsLayer,
  methods as allMethods,
  suitableMethods,
} from '../methods/table.js';
import { choicePerPicture } from '../targets/target-choice.js';
import { batchExplanations } from './batch-explanations.js';
import { expectFlippable } from './augment.js';
import type { MapControl } from './compute-maps.js';
import type { ExplainOptions } from './explain-options.js';
import type { Explanation } from './explanation.js';
import { checkedRunOptions } from './picture-runs.js';

/**
 * @param pictures prepared [N, C, H, W]
 * @returns one for each picture, layer and method, in that order of loops; those of the picture itself after its layers'
 * @throws InputError for layers, methods or targets that do not fit the network
 */
export async function explainedPictures(
  network: Network,
  pictures: Float32Array,
  { grid, labels }: { grid: TokenGrid; labels: readonly string[] | undefined },
  options: ExplainOptions,
): Promise<Explanation[]> {
  const { head, batch } = network;
  const { graph } = network.model;
  const size = pictureSize(network.input);
  const count = pictures.length / size;
  const { methods: names = defaultMethods, eigen = false, augment = false } = options;
  const asked = names === 'all' ? undefined : checkedMethods(names, suitableMethods(head));
  if (augment) expectFlippable(head);
  const ofLayers = asked === undefined || asked.some(explainsLayer);
  const { groups } = ofLayers ? chosenLayers(graph, options.layers, grid, head) : { groups: [] };
  const explained = { graph, head, grid, layers: groups.flat() };
  for (const name of asked ?? []) allMethods[name].expectSuited?.(explained);
  const runs = checkedRunOptions(options.runs);
  const choices = choicePerPicture(options.targets, count);
  const methods = asked ?? affordableMethods(explained);
  const { signal, onRuns } = options;
  const job = { methods, onlySuited: asked === undefined, groups, eigen, augment, runs, grid, labels };
  const explanations: Explanation[] = [];
  for (let start = 0; start < count; start += batch) {
    const own = choices.slice(start, start + batch);
    const part = pictures.subarray(start * size, (start + own.length) * size);
    const control: MapControl = {
      signal,
      ...(onRuns && { onRuns: ({ row, ...rest }) => onRuns({ picture: start + row, ...rest }) }),
    };
    const made = await batchExplanations(network, { ...job, pictures: part, choices: own, control });
    explanations.push(...made.map((each) => ({ ...each, picture: start + each.picture })));
  }
  return explanations;
}
