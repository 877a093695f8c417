/** @file The pictures of a folder that are nearest to others by the features of a network: a sheet and results.json. */
import { resolve } from 'node:path';
import { shownPath } from '../../../inference/files/copies.node.js';
import { formattedNumber } from '../../../inference/figures/numbers.js';
import { sheetPng, type SheetCell } from '../../../inference/figures/sheet.node.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { preparationBeside } from '../../../inference/networks/hub-config.js';
import { modelFrom } from '../../../inference/networks/model-source.js';
import { preparedPictures } from '../../../inference/networks/network-input.js';
import { concatenated } from '../../../inference/numeric/concatenated.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { InputError } from '../../../onnx/errors.js';
import { copiedGraph, GraphBuilder } from '../../../onnx/build/build.js';
import type { Graph, Model } from '../../../onnx/graph/graph.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import { upgradedModel } from '../../../onnx/upgrade/upgrade.js';
import { decodedGroups } from '../../files/picture-groups.node.js';
import { Explainer, type ExplainerOptions } from '../../maps/explain.js';
import { featuresOf } from '../../maps/scored-model.js';
import { inProbeFolder, type ProbeFiles, type ProbeFolderOptions } from '../shared/probe-folder.node.js';
import { addNeighbour, featureDistance, pooledFeatures, type DistanceName, type Neighbour } from './neighbours.js';

/** How neighbours are found. */
export interface NearestProbeOptions extends ProbeFolderOptions {
  model: string;
  /** The value of the graph that holds the features; default what enters the last layer. */
  layer?: string;
  /** Default `cosine`. */
  distance?: DistanceName;
  /** Neighbours of each picture, default 8. */
  count?: number;
  /** How the network is loaded. */
  loading?: Omit<ExplainerOptions, 'output'>;
  signal?: AbortSignal;
  progress_callback?: (done: number, total: number) => void;
  onAssumed?: (assumptions: readonly Assumption[]) => void;
}

/** A picture with its neighbours, nearest first. */
export interface NearestPictures {
  picture: string;
  nearest: Neighbour[];
}

/** Rows of the sheet, and neighbours at most. */
const MAX_ROWS = 12;
const MAX_COUNT = 64;
/** Pixels of a picture in the sheet, at least. */
const SIDE = 96;

/**
 * Writes `nearest.png` and results.json. Features with positions are averaged over them. A picture is not its own neighbour. Pictures are read in
 * groups, and only the nearest ones are remembered.
 * @param paths of the pictures whose neighbours are wanted
 * @param among of the pictures that may be neighbours
 * @throws InputError if an option does not fit the network, features are not finite, or no picture can be read
 */
export async function probeNearest(
  paths: readonly string[],
  among: readonly string[],
  options: NearestProbeOptions,
): Promise<ProbeFiles & { pictures: NearestPictures[]; skipped: string[]; lines: string[] }> {
  const { model, layer, distance = 'cosine', count = 8, loading = {}, signal, progress_callback } = options;
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
    throw new InputError({ name: 'count', expected: `an integer of 1…${MAX_COUNT}`, got: count });
  const source = upgradedModel(await modelFrom(model, loading));
  const output =
    layer === undefined ? namingFile(model, () => featuresOf(source, loading)) : valueOf(source.graph, layer);
  await using explainer = await featureNetwork(model, source, output, loading);
  const { classes, grid } = explainer.head;
  const positions = grid ? grid.height * grid.width : 1;
  const assumed = [
    ...explainer.assumptions.filter(({ about }) => about !== 'output'),
    assumedOf(output, layer, explainer),
  ];
  options.onAssumed?.(assumed);
  const skipped: string[] = [];

  const wanted: { path: string; features: Float32Array; nearest: Neighbour[] }[] = [];
  await each(paths, (path, features) => wanted.push({ path, features, nearest: [] }));
  if (wanted.length === 0)
    throw new InputError({ name: 'PICTURE', expected: 'a picture that can be read', got: skipped[0] ?? 'none' });
  let seen = 0;
  await each(among, (path, features) => {
    for (const { path: own, features: of, nearest } of wanted)
      if (resolve(own) !== resolve(path))
        addNeighbour(nearest, { picture: path, distance: featureDistance(of, features, distance) }, count);
    seen++;
    progress_callback?.(seen, among.length);
  });
  if (wanted.every(({ nearest }) => nearest.length === 0))
    throw new InputError({ name: 'among', expected: 'other pictures that can be read', got: skipped[0] ?? 'none' });
  const pictures = wanted.map(({ path, nearest }) => ({
    picture: shownPath(path),
    nearest: nearest.map((one) => ({ ...one, picture: shownPath(one.picture) })),
  }));
  const sheet = await drawnSheet();
  const provenance = { ...options.provenance, assumed };
  const written = await inProbeFolder('nearest', { ...options, provenance }, async (write) => {
    await write('nearest.png', sheet);
    const features = { layer: output, numbers: classes, positions, distance, among: seen };
    return { features, pictures, skipped };
  });
  const lines = pictures.map(
    ({ picture, nearest }) =>
      `${picture}: ${nearest.map((one) => `${one.picture} ${formattedNumber(one.distance)}`).join(', ')}`,
  );
  return { ...written, pictures, skipped, lines };

  async function each(files: readonly string[], use: (path: string, features: Float32Array) => void): Promise<void> {
    for await (const group of decodedGroups(files, { start: 0, input: explainer.input.picture, signal })) {
      const read = group.flatMap((file) => ('picture' in file ? [file] : []));
      for (const file of group) if ('reason' in file) skipped.push(file.reason);
      if (read.length === 0) continue;
      const prepared = read.map(({ picture, prepared: own }) => own ?? preparedPictures([picture], explainer.input));
      const rows = pooledFeatures(await explainer.logits(concatenated(prepared)), positions);
      read.forEach(({ path }, at) => {
        const features = rows.slice(at * classes, (at + 1) * classes);
        if (!features.every(Number.isFinite))
          throw new InputError({ name: path, expected: 'finite features', got: `others at "${output}"` });
        use(path, features);
      });
    }
    signal?.throwIfAborted();
  }

  /** A row for each of the first pictures: itself, and its neighbours with their distances. */
  async function drawnSheet(): Promise<Uint8Array> {
    const cells: SheetCell[] = [];
    for (const { path, nearest } of wanted.slice(0, MAX_ROWS)) {
      const views = new Map<string, Picture>();
      for await (const group of decodedGroups([path, ...nearest.map(({ picture }) => picture)], {
        start: 0,
        input: explainer.input.picture,
      }))
        for (const file of group) if ('picture' in file) views.set(file.path, explainer.view(file.picture, SIDE));
      const cell = (picture: string, caption: string): SheetCell => {
        const view = views.get(picture);
        return view ? { picture: view, caption } : { caption: 'no longer there' };
      };
      cells.push(cell(path, 'picture'));
      for (let at = 0; at < count; at++) {
        const one = nearest[at];
        cells.push(one ? cell(one.picture, formattedNumber(one.distance)) : {});
      }
    }
    const name = distance === 'l2' ? 'Euclidean distance' : 'cosine distance';
    return sheetPng({ cells, columns: count + 1, title: `Nearest by ${name} at ${output}` });
  }
}

/**
 * The network whose scores are the features at a value. Of a value behind a sigmoid, softmax and the like an explainer takes the scores
 * that enter it: times 1 it is the end of the network, and none of these.
 */
async function featureNetwork(
  path: string,
  source: Model,
  output: string,
  loading: ExplainerOptions,
): Promise<Explainer> {
  const explainer = await Explainer.load(path, { ...loading, output });
  if (explainer.head.logits === output) return explainer;
  await explainer.dispose();
  const b = new GraphBuilder(copiedGraph(source.graph));
  const features = b.mul(output, b.scalarLike(output, 1), 'features');
  const defaults = loading.defaults ?? (await preparationBeside(path));
  return Explainer.load({ ...source, graph: b.graph }, { ...loading, output: features, ...(defaults && { defaults }) });
}

/** The value of a graph that has this name, or that the node of this name gives. @throws InputError if there is none */
function valueOf({ nodes }: Graph, layer: string): string {
  const found = nodes.find(({ outputs }) => outputs.includes(layer)) ?? nodes.find(({ name }) => name === layer);
  if (!found)
    throw new InputError({
      name: 'layer',
      expected: 'the name of a node or value of the graph',
      got: JSON.stringify(layer),
    });
  return found.outputs.includes(layer) ? layer : (found.outputs[0] as string);
}

function assumedOf(output: string, layer: string | undefined, { head }: Explainer): Assumption {
  const { classes, grid } = head;
  const over = grid ? `, means over ${grid.height}×${grid.width} positions` : '';
  return {
    about: 'features',
    taken: `"${output}", ${classes} numbers${over}`,
    because: layer === undefined ? 'what enters the last layer' : 'as stated',
    options: ['layers'],
  };
}
