/** @file Chooses between one graph and stages for an explanation. */
import { concatenated } from '../../inference/numeric/concatenated.js';
import { scoreCount, type ScoreHead } from '../../inference/networks/score-head.js';
import type { NetworkInput } from '../../inference/networks/network-input.js';
import { explainsLayer } from '../methods/table.js';
import type { Layer } from '../network/layers.js';
import type { Network } from '../network/network.js';
import { fitsWhole } from '../network/graphs/whole-model.js';
import { resolvedTargets, type TargetChoice } from '../targets/target-choice.js';
import { isBox, targetWeights, type Region } from '../targets/targets.js';
import { inOrder, mapOf, readsGradient, type MadeMap, type MapJob, settledMap } from './compute-maps.js';

/** What is asked of a batch. */
export type WholeJob = Pick<MapJob, 'pictures' | 'methods' | 'eigen'> & {
  choices: readonly (TargetChoice | undefined)[];
  augment: boolean;
  labels: readonly string[] | undefined;
};

/**
 * Computes the maps of a batch with one graph: only pictures go into the runtime, only maps and logits come out. This is for
 * pictures that are new, scores that can be chosen without their logits, and methods that all fit into one graph.
 * @returns undefined if the explanation must run in stages; stages keep what another target or method can use
 */
export async function wholeMaps(
  network: Network,
  job: WholeJob,
  layers: readonly Layer[],
): Promise<{ logits: Float32Array; made: MadeMap[] } | undefined> {
  const { pictures, methods, eigen, choices, augment, labels } = job;
  const ofPicture = methods.some((name) => !explainsLayer(name));
  if (augment || !methods.every(fitsWhole) || (ofPicture && network.input.layout !== 'NCHW')) return undefined;
  if (!methods.some(readsGradient) || !network.isNew(pictures)) return undefined;
  const weights = choices.map((choice) => weightsBefore(network.head, choice, network.input, labels));
  if (weights.some((row) => row === undefined)) return undefined;
  const explained = ofPicture ? [...layers, network.pictureLayer] : layers;
  const given = concatenated(weights as Float32Array[]);
  const { logits, layers: found } = await network.whole(pictures, given, { layers: explained, methods, eigen });
  const made = found.flatMap(({ layer, connected, largestGradients, maps }) =>
    maps.flatMap(({ method, tensor, projected, summed }) =>
      choices.map((_, row): MadeMap => ({
        row,
        layer,
        method,
        ...(readsGradient(method)
          ? settledMap(
              mapOf(tensor, row, projected),
              connected ? (largestGradients[row] ?? Number.NaN) : 0,
              summed?.[row],
            )
          : { map: mapOf(tensor, row, projected) }),
        connected,
      })),
    ),
  );
  return { logits, made: inOrder(made, layers, methods) };
}

/** Target weights of a choice that does not depend on the logits [scores]; zeros for a classifier's top class. */
function weightsBefore(
  head: ScoreHead,
  choice: TargetChoice | undefined,
  { picture: { height, width } }: NetworkInput,
  labels: readonly string[] | undefined,
): Float32Array | undefined {
  if (head.kind === 'boxes' && !(typeof choice === 'object' && 'region' in choice && isPlace(choice.region)))
    return undefined;
  if (choice === undefined && head.part) return undefined;
  const isTop = choice === undefined || (typeof choice === 'object' && 'top' in choice);
  if (isTop && head.kind === 'dense') return undefined;
  if (choice === undefined && head.kind === 'classifier') return new Float32Array(scoreCount(head));
  if (
    typeof choice === 'object' &&
    ('top' in choice || 'several' in choice || ('region' in choice && dependsOnPicture(choice.region)))
  )
    return undefined;
  const logits = new Float32Array(scoreCount(head));
  const [target] = resolvedTargets(head, choice, logits, labels);
  return target === undefined ? undefined : targetWeights(head, target, { logits, height, width });
}

const isPlace = (region: Region) => typeof region === 'object' && !isBox(region) && 'at' in region;

const dependsOnPicture = (region: Region) =>
  region === 'predicted' || (typeof region === 'object' && !isBox(region) && 'above' in region);
