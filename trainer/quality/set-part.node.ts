/** @file A part of a compared set: the features of some of its pictures, and their sums. A pure function of its positions. */
import type { Picture } from '../../inference/pictures/pictures.js';
import { concatenated } from '../../inference/numeric/concatenated.js';
import { isBroken, type BrokenPicture, type Candidates } from './candidates.js';
import type { FeatureNetwork } from './feature-network.node.js';
import { blockSums, mergedSums, type FeatureSums, type Gram } from './distance/feature-sums.js';
import { checkFinite } from './distance/features.js';
import { BLOCK } from './distance/gram.node.js';

/** Pictures that are decoded, generated and measured together. */
const BATCH = 32;

/** Features of pictures, in the order of their positions. */
export interface KeptRows {
  positions: Uint32Array;
  /** [positions, D] */
  data: Float32Array;
}

/** What is known of some of a set's pictures. */
export interface SetPart {
  /** Positions of its pictures: from `start` to before `end`. */
  start: number;
  end: number;
  /** Those of them that could not be decoded, by position. */
  broken: BrokenPicture[];
  /** Sums of the others' features; none where no Fréchet distance is wanted. */
  sums?: FeatureSums;
  /** The features that are kept for KID. */
  kept: KeptRows;
}

/** Pictures of a part. */
export const countOf = ({ start, end, broken }: Pick<SetPart, 'start' | 'end' | 'broken'>) =>
  end - start - broken.length;

/** What to measure of a set. */
export interface PartRequest {
  start: number;
  /** No further than before this position. */
  end: number;
  /** Ends after so many pictures; by default at `end`. */
  most?: number;
  /** Whether the features at this position are kept. */
  keeps: (position: number) => boolean;
  /** Computes sums; none are wanted without it. */
  gram?: Gram | undefined;
  signal?: AbortSignal | undefined;
  /** Told of the pictures that were measured. */
  progress?: ((pictures: number) => void) | undefined;
}

/**
 * Measures the pictures of some positions.
 * @throws InputError if a feature is not finite
 * @throws the signal's reason when it is aborted
 */
export async function measuredPart(
  network: FeatureNetwork,
  candidates: Candidates,
  request: PartRequest,
): Promise<SetPart> {
  const { start, most = Number.POSITIVE_INFINITY, keeps, gram, signal, progress } = request;
  const { size } = network;
  const broken: BrokenPicture[] = [];
  const kept = { positions: [] as number[], rows: [] as Float32Array[] };
  let sums: FeatureSums | undefined;
  let block: Float32Array[] = [];
  const closeBlock = async () => {
    if (gram) sums = mergedSums(sums, await blockSums({ size, data: concatenated(block) }, gram));
    block = [];
  };
  let [at, found] = [start, 0];
  while (at < request.end && found < most) {
    signal?.throwIfAborted();
    const positions = Array.from({ length: Math.min(BATCH, request.end - at, most - found) }, (_, i) => at + i);
    const batch = await measured(network, candidates, positions);
    broken.push(...batch.broken);
    const ordinals = batch.positions.map((position, i) => [position, i] as const).filter(([each]) => keeps(each));
    for (const [position, i] of ordinals) {
      kept.positions.push(position);
      kept.rows.push(batch.data.slice(i * size, (i + 1) * size));
    }
    if (gram) block.push(batch.data);
    at += positions.length;
    found += batch.positions.length;
    if (block.length * BATCH >= BLOCK) await closeBlock();
    progress?.(batch.positions.length);
  }
  if (block.length > 0) await closeBlock();
  const rows = { positions: Uint32Array.from(kept.positions), data: concatenated(kept.rows) };
  return { start, end: at, broken, ...(sums && { sums }), kept: rows };
}

/** The features at these positions again; their pictures can be decoded. */
export async function measuredRows(
  network: FeatureNetwork,
  candidates: Candidates,
  positions: Uint32Array,
  signal?: AbortSignal,
): Promise<KeptRows> {
  const rows: Float32Array[] = [];
  for (let start = 0; start < positions.length; start += BATCH) {
    signal?.throwIfAborted();
    rows.push((await measured(network, candidates, [...positions.subarray(start, start + BATCH)])).data);
  }
  return { positions, data: concatenated(rows) };
}

/** Features of a batch, of those that are pictures. */
async function measured(network: FeatureNetwork, candidates: Candidates, positions: readonly number[]) {
  const found = await candidates.at(positions);
  const pictures = found.filter((each): each is Picture => !isBroken(each));
  const data = await network.features(pictures);
  checkFinite(data);
  return {
    positions: positions.filter((_, i) => !isBroken(found[i] as Picture)),
    broken: found.filter(isBroken),
    data,
  };
}
