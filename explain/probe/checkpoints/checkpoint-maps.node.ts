/** @file The maps of several checkpoints of one network on the same pictures, at the same layer. */
import { preparedPictures } from '../../../inference/networks/network-input.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { concatenated } from '../../../inference/numeric/concatenated.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { InputError } from '../../../onnx/errors.js';
import { decodedGroups } from '../../files/picture-groups.node.js';
import { Explainer, type ExplainerOptions } from '../../maps/explain.js';
import type { Explanation } from '../../maps/explanation.js';
import { explainsLayer } from '../../methods/table.js';
import type { Layer } from '../../network/layers.js';
import { loadObjects } from '../../objects/objects.node.js';
import { expectMaskFits } from '../../targets/target-choice.js';
import { attentionOf, type Attention } from '../shared/attention.js';
import { oneMapEach, type OneMapOptions } from '../shared/one-map.js';
import { expectSameTarget } from '../shared/only-target.js';

/** A checkpoint's network. */
export interface CheckpointSource {
  /** What figures call it. */
  name: string;
  path: string;
  /** What messages and results call the file, where it is a copy; default its path. */
  origin?: string;
}

/** What is explained of each. */
export interface CheckpointMapsOptions extends OneMapOptions {
  loading?: ExplainerOptions;
  /** Where the objects are (`loadObjects`). */
  boxes?: string;
  signal?: AbortSignal;
  progress_callback?: (done: number, total: number, text: string) => void;
  /** Told of what is assumed of the first checkpoint. */
  onAssumed?: (assumptions: readonly Assumption[]) => void;
}

/** A checkpoint's map of a picture. */
export interface CheckpointMap {
  explanation: Explanation;
  attention?: Attention;
}

/** The maps of all checkpoints. */
export interface CheckpointMaps {
  /** Pictures that could be read. */
  paths: string[];
  skipped: string[];
  /** What the network sees of the first few pictures. */
  views: Picture[];
  layer: Layer;
  /** By checkpoint, then by picture. */
  maps: CheckpointMap[][];
  /** By picture: the box's share of what the network sees; missing where there is no box. */
  areas: (number | undefined)[];
}

/** Pictures that are kept to be drawn. */
const SHOWN = 6;
const VIEW = 128;

/**
 * Explains the same pictures with each checkpoint.
 * @throws InputError if there are fewer than two checkpoints, their layers, inputs or scores do not match, or no picture can be read
 * @throws the signal's reason when it is aborted
 */
export async function checkpointMaps(
  sources: readonly CheckpointSource[],
  paths: readonly string[],
  options: CheckpointMapsOptions,
): Promise<CheckpointMaps> {
  const { boxes, signal, loading = {}, method = 'gradcam' } = options;
  if (sources.length < 2)
    throw new InputError({ name: 'models', expected: 'at least two checkpoints', got: sources.length });
  const objects = boxes === undefined ? undefined : await loadObjects(boxes);
  const made: CheckpointMaps = { paths: [], skipped: [], views: [], layer: undefined as never, maps: [], areas: [] };
  let first: { layer: Layer; about: string } | undefined;
  for (const [number, { name, path, origin = path }] of sources.entries()) {
    await using explainer = await Explainer.load(path, loading);
    const layer = explainsLayer(method) ? onlyLayer(explainer, options) : undefined;
    const about = described(explainer, layer);
    if (first && about !== first.about)
      throw new InputError({
        name: 'layer',
        expected: `${first.about}, as in ${sources[0]?.origin ?? sources[0]?.path}`,
        got: `${about} in ${origin}`,
      });
    if (!first) {
      expectSameTarget(explainer.head, options.target, 'checkpoint');
      options.onAssumed?.([
        ...explainer.assumptions,
        ...(layer ? explainer.layerAssumptions(options.layers, options.tokens) : []),
      ]);
    }
    const maps: CheckpointMap[] = [];
    for await (const group of decodedGroups(paths, { start: 0, input: explainer.input.picture, signal })) {
      signal?.throwIfAborted();
      const read = group.flatMap((file) => ('picture' in file ? [file] : []));
      for (const each of read) expectMaskFits(options.target, each.picture, each.path);
      const batch = read.map((each) => each.prepared ?? preparedPictures([each.picture], explainer.input));
      const found = read.length > 0 ? await oneMapEach(explainer, concatenated(batch), options) : [];
      for (const [at, explanation] of found.entries()) {
        const { path: file, picture } = read[at] as (typeof read)[number];
        const object = await objects?.find(file, picture, explainer.input.picture);
        const mask = object && 'mask' in object ? object.mask : undefined;
        const attention = attentionOf(explanation, mask);
        // Maps at the input's size would be most of the memory.
        const kept = { ...explanation, normalized: new Float32Array() };
        maps.push({ explanation: kept, ...(attention && { attention }) });
        if (number > 0) continue;
        made.paths.push(file);
        made.areas.push(mask && mask.reduce((sum, inside) => sum + inside, 0) / mask.length);
        if (made.views.length < SHOWN) made.views.push(explainer.view(picture, VIEW));
      }
      if (number === 0) made.skipped.push(...group.flatMap((file) => ('reason' in file ? [file.reason] : [])));
      const done = number * paths.length + Math.min((group.at(-1)?.index ?? 0) + 1, paths.length);
      options.progress_callback?.(done, sources.length * paths.length, name);
    }
    signal?.throwIfAborted();
    const [any] = maps;
    if (!any) throw new InputError(made.skipped[0] ?? 'PICTURE: expected picture files, or folders of them; got none');
    first ??= { layer: layer ?? any.explanation.layer, about };
    made.maps.push(maps);
    made.layer = first.layer;
  }
  return made;
}

/** The layer. @throws InputError for several */
function onlyLayer(explainer: Explainer, { layers, tokens }: OneMapOptions): Layer {
  const groups = explainer.chosenLayers(layers, tokens);
  const [[layer, ...more] = [], ...others] = groups;
  if (layer && more.length === 0 && others.length === 0) return layer;
  throw new InputError({ name: 'layer', expected: 'one layer', got: `${groups.flat().length}` });
}

/** What has to be the same in all checkpoints. */
function described({ input, head }: Explainer, layer: Layer | undefined): string {
  const { channels, height, width } = input.picture;
  const place = layer ? `layer "${layer.name}" [${layer.shape.slice(1).join(', ')}], ` : '';
  return `${place}pictures of ${channels}×${height}×${width} and ${head.classes} ${head.classes === 1 ? 'score' : 'scores'}`;
}
