/** @file The explanations of one batch: each picture for all of its targets. */
import { concatenated } from '../../inference/numeric/concatenated.js';
import { scoreCount } from '../../inference/networks/score-head.js';
import { augmentedViews, plainView, viewedPictures, viewedWeights, type View } from './augment.js';
import { madeMaps, type MadeMap, type MapJob } from './compute-maps.js';
import { wholeMaps } from './whole-maps.js';
import { shownMap, type Explanation } from './explanation.js';
import { InputError } from '../../onnx/errors.js';
import { comparesClasses, type MethodName } from '../methods/table.js';
import type { Layer } from '../network/layers.js';
import type { Network } from '../network/network.js';
import type { NonFinite } from '../causes/non-finite.js';
import type { Saturation } from '../causes/saturation.js';
import { choiceOfClasses } from '../targets/predicted-classes.js';
import { resolvedTargets, type TargetChoice } from '../targets/target-choice.js';
import {
  contrastedWeights,
  softmaxShare,
  targetLabel,
  targetProbability,
  targetScore,
  targetWeights,
  type Target,
} from '../targets/targets.js';

/** What to compute for a batch. */
export interface BatchJob extends Omit<MapJob, 'pictures' | 'weights' | 'layers' | 'logits'> {
  /** At most `Network.batch` prepared pictures [N, C, H, W]. */
  pictures: Float32Array;
  /** One for each picture. */
  choices: readonly (TargetChoice | undefined)[];
  /** Layers to explain; the layers of one group are averaged. Empty if the methods explain only the picture. */
  groups: readonly (readonly Layer[])[];
  /** Whether a method that does not suit a target is left out instead of refused. */
  onlySuited: boolean;
  /** Whether the maps of several views are averaged. */
  augment: boolean;
  labels: readonly string[] | undefined;
}

/** The explanations by picture, target, layer and method; those of the picture itself after its layers'. */
export async function batchExplanations(network: Network, job: BatchJob): Promise<Explanation[]> {
  const { pictures, choices, groups, labels } = job;
  const { head } = network;
  const layers = [...new Map(groups.flat().map((layer) => [layer.value, layer])).values()];
  const whole = await wholeMaps(network, job, layers);
  const logits = whole?.logits ?? (await logitsOf(network, pictures, layers));
  const rows = choices.map((_, row) => logits.subarray(row * scoreCount(head), (row + 1) * scoreCount(head)));
  const targets = choices.map((choice, row) => resolvedTargets(head, choice, rows[row] as Float32Array, labels));
  const found: Explanation[][] = choices.map(() => []);
  for (let turn = 0; targets.some((own) => turn < own.length); turn++) {
    // A picture with fewer targets repeats its first; the result is ignored.
    const own = targets.map((each) => each[turn] ?? (each[0] as Target));
    const weights = rows.map((row, at) =>
      targetWeights(head, own[at] as Target, { ...network.input.picture, logits: row }),
    );
    const contrast = rows.map((row, at) => {
      const comparing = methodsFor(job, own[at] as Target).find(comparesClasses);
      return comparing ? contrastOf(comparing, own[at] as Target, row) : (weights[at] as Float32Array);
    });
    const together = { target: concatenated(weights), contrast: concatenated(contrast) };
    const views = whole
      ? plainView.map((view) => ({ view, made: whole.made }))
      : await viewedMaps(network, job, layers, logits, together);
    rows.forEach((row, picture) => {
      if (turn >= (targets[picture]?.length ?? 0)) return;
      const target = own[picture] as Target;
      const probability = targetProbability(head, row, target);
      const softmax = softmaxShare(head, row, target);
      const choice = choices[picture] === undefined ? choiceOfClasses(head, row, labels) : undefined;
      const common = {
        picture,
        target,
        label: targetLabel(target, labels, head),
        ...(choice !== undefined && { choice }),
        score: targetScore(weights[picture] as Float32Array, row),
        ...(head.quantity && { quantity: head.quantity }),
        ...(probability !== undefined && { probability }),
        ...(softmax !== undefined && { softmax }),
      };
      const suited = { ...job, methods: methodsFor(job, target) };
      found[picture]?.push(...shownMaps(network, suited, views, picture).map((map) => ({ ...common, ...map })));
    });
  }
  return withNonFinite(network, job, rows, await withSaturation(network, job, found.flat()));
}

/** The logits, by a forward pass that is kept for the layers. */
async function logitsOf(network: Network, pictures: Float32Array, layers: readonly Layer[]): Promise<Float32Array> {
  return layers.length > 0 ? (await network.forward(pictures, layers)).logits : network.logits(pictures);
}

/** Adds to explanations with a zero gradient the activation that saturates. */
async function withSaturation(network: Network, job: BatchJob, found: Explanation[]): Promise<Explanation[]> {
  const without = found.filter(({ reason }) => reason === 'zero gradient');
  const places = new Set(without.map(({ layer }) => layer.value));
  const saturations = new Map<string, (Saturation | undefined)[]>();
  for (const place of places) {
    const group = job.groups.find((layers) => joinedLayer(layers).value === place);
    saturations.set(place, await network.saturations(job.pictures, group?.[0]?.value ?? place));
  }
  return found.map((explanation) => {
    const saturation = saturations.get(explanation.layer.value)?.[explanation.picture];
    if (explanation.reason !== 'zero gradient' || !saturation) return explanation;
    return { ...explanation, reason: 'saturated output' as const, saturation };
  });
}

/** Adds to explanations that are not finite the node that makes them so. */
async function withNonFinite(
  network: Network,
  job: BatchJob,
  logits: readonly Float32Array[],
  found: Explanation[],
): Promise<Explanation[]> {
  const made: Explanation[] = [];
  let last: Explanation | undefined;
  for (const explanation of found) {
    const { picture, target, layer, reason } = explanation;
    const row = logits[picture];
    if (reason !== 'not finite' || !row) {
      made.push(explanation);
      continue;
    }
    // Methods follow each other: those of one picture, target and layer share the answer.
    if (last?.picture !== picture || last.target !== target || last.layer.value !== layer.value) {
      const size = job.pictures.length / job.choices.length;
      const group = job.groups.find((layers) => joinedLayer(layers).value === layer.value);
      const weights = targetWeights(network.head, target, { ...network.input.picture, logits: row });
      const own = job.pictures.subarray(picture * size, (picture + 1) * size);
      let nonFinite: NonFinite | undefined;
      for (const { value } of group ?? [layer]) nonFinite ??= await network.onePicture.nonFinite(own, weights, value);
      last = { ...explanation, ...(nonFinite && { nonFinite }) };
    }
    made.push({ ...explanation, ...(last.nonFinite && { nonFinite: last.nonFinite }) });
  }
  return made;
}

/** The methods that explain a target: only a class can be compared with similar ones. */
function methodsFor({ methods, onlySuited }: BatchJob, target: Target): readonly MethodName[] {
  return onlySuited && typeof target !== 'number' ? methods.filter((name) => !comparesClasses(name)) : methods;
}

/** Target weights of a class compared with similar classes. @throws InputError for other targets */
function contrastOf(method: string, target: Target, logits: Float32Array): Float32Array {
  if (typeof target === 'number') return contrastedWeights(logits, target);
  const expected = `one class for ${method}, which compares it with similar ones`;
  throw new InputError({ name: 'target', expected, got: targetLabel(target) });
}

interface ViewedMaps {
  view: View;
  made: readonly MadeMap[];
}

/** The maps of all views of the pictures. */
async function viewedMaps(
  network: Network,
  job: BatchJob,
  layers: readonly Layer[],
  logits: Float32Array,
  weights: MapJob['weights'],
): Promise<ViewedMaps[]> {
  const viewed: ViewedMaps[] = [];
  for (const view of job.augment ? augmentedViews : plainView) {
    const made = await madeMaps(network, {
      ...job,
      layers,
      logits: job.augment ? undefined : logits,
      pictures: viewedPictures(job.pictures, network.input.picture.width, view),
      weights: {
        target: viewedWeights(weights.target, network.head, view),
        contrast: viewedWeights(weights.contrast, network.head, view),
      },
    });
    viewed.push({ view, made });
  }
  return viewed;
}

/** One picture's maps: all views, and the layers of a group, combined. */
function shownMaps(network: Network, { groups, methods }: BatchJob, viewed: readonly ViewedMaps[], row: number) {
  const { height, width } = network.input.picture;
  return [...groups, [network.pictureLayer]].flatMap((group) =>
    methods.flatMap((method) => {
      const values = new Set(group.map(({ value }) => value));
      const views = viewed.map(({ view, made }) => ({
        flip: view.flip,
        maps: made.filter((map) => map.row === row && map.method === method && values.has(map.layer.value)),
      }));
      if (views[0]?.maps.length === 0) return [];
      return [{ layer: joinedLayer(group), method, ...shownMap({ views, height, width }) }];
    }),
  );
}

/** The layer that stands for layers whose maps are averaged. */
function joinedLayer(layers: readonly Layer[]): Layer {
  const [only, ...others] = layers as readonly [Layer, ...Layer[]];
  if (others.length === 0) return only;
  const all = (part: (layer: Layer) => string) => layers.map(part).join('+');
  return { name: all(({ name }) => name), value: all(({ value }) => value), op: 'Mean', shape: [] };
}
