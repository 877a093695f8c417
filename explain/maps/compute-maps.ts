/** @file Computes the maps of one batch of pictures, each for one target, with any methods. */
import { sessionTensor, type SessionTensor } from '../../inference/runtime/session.js';
import type { Layer, TokenGrid } from '../network/layers.js';
import { comparesClasses, methods, type MethodName } from '../methods/table.js';
import type { Backward, RunsMethod, SignedMap } from '../methods/kinds/method.js';
import type { Projected } from '../methods/graph/map-outputs.js';
import type { Forward } from '../network/forward-cache.js';
import type { Network } from '../network/network.js';
import { pictureRuns, type RunOptions } from './picture-runs.js';
import { rowOf } from '../network/tensors.js';
import { firstComponent } from '../../inference/numeric/decompositions/principal-component.js';

/** At most `Network.batch` pictures, and what to compute for them. */
export interface MapJob {
  /** Prepared pictures [N, C, H, W]. */
  pictures: Float32Array;
  /** Weight of each logit in the score [N, scores]: for the target, and for the target compared with similar classes. */
  weights: { target: Float32Array; contrast: Float32Array };
  /** Their logits [N, scores], if they are known. */
  logits?: Float32Array | undefined;
  /** Layers to explain; empty if the methods explain the picture. */
  layers: readonly Layer[];
  methods: readonly MethodName[];
  /** Whether class activation maps are first principal components instead of sums. */
  eigen: boolean;
  /** For methods that need further runs. */
  runs: RunOptions;
  control?: MapControl;
  grid: TokenGrid;
}

/** What watches and stops maps that take many runs. */
export interface MapControl {
  /** Told how many forward passes of one map are done. @param row position of the picture in the batch */
  onRuns?(this: void, progress: { row: number; method: MethodName; loaded: number; total: number }): void;
  /** Stops between two runs: its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** A map of one picture before ReLU. */
export interface MadeMap {
  /** Position of the picture in the batch. */
  row: number;
  layer: Layer;
  method: MethodName;
  map: SignedMap;
  /** Largest |gradient| of the score at the layer, or at the picture. */
  largestGradient?: number;
  /** Whether the score depends on the layer. */
  connected: boolean;
}

/** The maps in the order of rows, layers and methods; those of the picture itself after its layers'. */
export async function madeMaps(network: Network, job: MapJob): Promise<MadeMap[]> {
  const forward = job.layers.length > 0 ? await network.forward(job.pictures, job.layers) : undefined;
  const made = [
    ...(forward ? await graphLayerMaps(network, job, forward) : []),
    ...(await gradientMaps(network, job)),
    ...(await runMaps(network, job, forward)),
  ];
  return inOrder(made, forward?.layers ?? [], job.methods);
}

/** The maps in the order of rows, layers and methods; those of the picture itself after its layers'. */
export function inOrder(made: readonly MadeMap[], layers: readonly Layer[], names: readonly MethodName[]): MadeMap[] {
  const [orders, places] = [
    new Map(names.map((name, at) => [name, at])),
    new Map(layers.map((layer, at) => [layer, at])),
  ];
  const order = ({ method }: MadeMap) => orders.get(method) ?? -1;
  const place = ({ layer }: MadeMap) => places.get(layer) ?? layers.length;
  return made.toSorted((a, b) => a.row - b.row || place(a) - place(b) || order(a) - order(b));
}

/** Maps of layers by methods whose map, or the activations it is projected from, is computed by a graph. */
async function graphLayerMaps(network: Network, job: MapJob, forward: Forward): Promise<MadeMap[]> {
  const made: MadeMap[] = [];
  for (const kind of ['free', 'target', 'contrast'] as const) {
    const own = job.methods.filter((name) => gradientKind(name) === kind);
    if (own.length === 0) continue;
    const gradients = kind === 'free' ? undefined : await network.layerGradients(forward, job.weights[kind]);
    const items = forward.activations.map((activations, at) => ({
      shape: forward.shapes[at] ?? [],
      methods: own,
      activations,
      gradients: gradients?.[at] ?? zerosLike(activations),
    }));
    const maps = await network.maps(items, job.eigen);
    forward.layers.forEach((layer, at) => {
      const gradient = gradients?.[at];
      const largestGradients =
        gradient && Array.from({ length: forward.count }, (_, row) => largest(rowOf(gradient, row)));
      for (const { method, tensor, projected, summed } of maps[at] ?? []) {
        for (let row = 0; row < forward.count; row++) {
          const map = mapOf(tensor, row, projected);
          const found = largestGradients?.[row];
          made.push({
            row,
            layer,
            method,
            ...(found === undefined
              ? { map, ...(gradients && { largestGradient: 0 }) }
              : settledMap(map, found, summed?.[row])),
            connected: forward.connected[at] ?? false,
          });
        }
      }
    });
  }
  return made;
}

/** Maps of the picture's own gradient. */
async function gradientMaps(network: Network, job: MapJob): Promise<MadeMap[]> {
  const { channels, height, width } = network.input.picture;
  const count = job.pictures.length / (channels * height * width);
  const dims = [count, channels, height, width];
  const layer = network.pictureLayer;
  const made: MadeMap[] = [];
  for (const backward of ['true', 'guided', 'deconvolution'] as const) {
    const own = job.methods.filter((name) => pictureGradient(name) === backward);
    if (own.length === 0) continue;
    const g = await network.pictureGradients(job.pictures, job.weights.target, backward);
    const gradients = sessionTensor(g, dims);
    const activations = sessionTensor(job.pictures, dims);
    const [maps = []] = await network.maps([{ shape: layer.shape, methods: own, activations, gradients }], false);
    for (const { method, tensor } of maps) {
      for (let row = 0; row < count; row++) {
        const largestGradient = largest(rowOf(gradients, row));
        made.push({ row, layer, method, map: mapOf(tensor, row, false), largestGradient, connected: true });
      }
    }
  }
  return made;
}

/** Maps that need further runs, one picture after the other. */
async function runMaps(network: Network, job: MapJob, forward?: Forward): Promise<MadeMap[]> {
  const { channels, height, width } = network.input.picture;
  const size = channels * height * width;
  const count = job.pictures.length / size;
  const scores = job.weights.target.length / count;
  const made: MadeMap[] = [];
  const own = job.methods.filter((name) => methods[name].kind === 'runs');
  if (own.length === 0) return made;
  const logits = forward?.logits ?? job.logits ?? (await network.logits(job.pictures));
  for (let row = 0; row < count; row++) {
    const target = {
      input: job.pictures.subarray(row * size, (row + 1) * size),
      weights: job.weights.target.subarray(row * scores, (row + 1) * scores),
      logits: logits.subarray(row * scores, (row + 1) * scores),
      shared: new Map<string, Promise<unknown>>(),
    };
    for (const name of own) {
      const method = methods[name] as RunsMethod;
      const places = method.at === 'picture' ? [undefined] : [...(forward?.layers.keys() ?? [])];
      for (const place of places) {
        const layer = place === undefined ? undefined : layerActivations(forward as Forward, place, row);
        const map = await method.map(
          pictureRuns(network, { ...target, ...(layer && { layer }) }, job, {
            progress: (loaded, total) => job.control?.onRuns?.({ row, method: name, loaded, total }),
            signal: job.control?.signal,
          }),
        );
        const connected = place === undefined || (forward?.connected[place] ?? false);
        made.push({ row, layer: layer?.layer ?? network.pictureLayer, method: name, map, connected });
      }
    }
  }
  return made;
}

/** One picture's activations of a layer. */
function layerActivations(forward: Forward, place: number, row: number) {
  const tensor = forward.activations[place] as SessionTensor;
  const [, channels = 1, height = 1, width = 1] = tensor.dims;
  return {
    layer: forward.layers[place] as Layer,
    activations: rowOf(tensor, row),
    sizes: { channels, height, width },
  };
}

/** The gradient at the layer that a graph method reads; undefined for other methods. */
function gradientKind(name: MethodName): 'free' | 'target' | 'contrast' | undefined {
  const method = methods[name];
  if (method.kind === 'projection') return method.gradientFree ? 'free' : 'target';
  if (method.kind !== 'weighted') return undefined;
  if (method.gradientFree) return 'free';
  return comparesClasses(name) ? 'contrast' : 'target';
}

/** Whether a method's map is made of a gradient of the score. */
export function readsGradient(name: MethodName): boolean {
  const kind = gradientKind(name);
  return kind === undefined ? pictureGradient(name) !== undefined : kind !== 'free';
}

/** The gradient at the picture that a method reads. */
function pictureGradient(name: MethodName): Backward | undefined {
  const method = methods[name];
  return method.kind === 'gradient' ? (method.backward ?? 'true') : undefined;
}

/** One picture's map of an output. */
export function mapOf(tensor: SessionTensor, row: number, projected: Projected): SignedMap {
  const data = rowOf(tensor, row);
  const [height = 1, width = 1] = tensor.dims.slice(-2);
  return { data: projected ? firstComponent(data, tensor.dims[1] ?? 1, projected) : data.slice(), height, width };
}

/** Largest absolute value; NaN if there is a NaN. A plain loop, as layers have millions of values. */
function largest(values: Float32Array): number {
  let most = 0;
  for (let at = 0; at < values.length; at++) {
    const size = Math.abs(values[at] as number);
    if (!(size <= most)) most = size;
    if (Number.isNaN(most)) return most;
  }
  return most;
}

const zerosLike = ({ data, dims }: SessionTensor) => sessionTensor(new Float32Array(data.length), dims);

/** A map that is smaller than this share of what its sums add up, without signs, is what rounding leaves of zero. */
const CANCELLED = 1e-6;

/**
 * A method's map with its largest gradient. Where gradients cancel out, as before a normalization over positions, both are zero:
 * rounding is no heat.
 * @param summed `MapOutput.summed`
 */
export function settledMap(
  map: SignedMap,
  largestGradient: number,
  summed = 0,
): { map: SignedMap; largestGradient: number } {
  const size = largest(map.data);
  if (!(size > 0 && size <= CANCELLED * summed)) return { map, largestGradient };
  return { map: { ...map, data: new Float32Array(map.data.length) }, largestGradient: 0 };
}
