/** @file The ranking that a shards job goes by, as a file beside its shards: a resumed job need not score again. */
import { join } from 'node:path';
import { InputError } from '../../../onnx/errors.js';
import { readBoundedFile, writeFileAtomic } from '../../../onnx/files/files.node.js';
import { exists } from '../../files/missing.node.js';
import { npyBytes, parsedNpy } from '../../numeric/npy.js';
import type { RankedScores } from '../shared/top-k.js';

/** Its name in the job's folder: float64 [N, 2], each picture's position among the scored latents and its logit. */
export const RANKING_FILE = 'ranking.npy';
const MAX_BYTES = 2 ** 25;

export async function writeRanking(folder: string, ranked: RankedScores): Promise<void> {
  await writeFileAtomic(join(folder, RANKING_FILE), rankingBytes(ranked));
}

export function rankingBytes({ positions, logits }: RankedScores): Uint8Array {
  const rows = Float64Array.from(
    { length: 2 * positions.length },
    (_, i) => (i % 2 === 0 ? positions : logits)[i >> 1] as number,
  );
  return npyBytes(rows, [positions.length, 2]);
}

/**
 * @param kept how many there must be
 * @param count of the latents that they were taken from
 * @returns the ranking, or nothing where there is no such file
 * @throws InputError if the file holds anything else
 */
export async function loadRanking(folder: string, kept: number, count: number): Promise<RankedScores | undefined> {
  const path = join(folder, RANKING_FILE);
  if (!(await exists(path))) return undefined;
  return readRanking(path, kept, { from: 0, to: count });
}

/**
 * The ranking in a file.
 * @param kept how many there must be
 * @param within the positions that they were taken from; the last is not among them
 * @throws InputError if the file is missing or holds anything else
 */
export async function readRanking(
  path: string,
  kept: number,
  { from, to }: { from: number; to: number },
): Promise<RankedScores> {
  const { dtype, shape, data } = parsedNpy(await readBoundedFile(path, MAX_BYTES), path);
  if (dtype !== '<f8' || shape.length !== 2 || shape[0] !== kept || shape[1] !== 2) {
    throw new InputError({ name: path, expected: `float64 [${kept}, 2]`, got: `${dtype} [${shape.join(', ')}]` });
  }
  const column = (offset: number) => Float64Array.from({ length: kept }, (_, i) => data[2 * i + offset] as number);
  const positions = column(0);
  const wrong = positions.find((at) => !Number.isInteger(at) || at < from || at >= to);
  if (wrong !== undefined) throw new InputError({ name: path, expected: `positions of ${from}…${to - 1}`, got: wrong });
  const logits = Float32Array.from(column(1));
  const falls = logits.every((logit, i) => i === 0 || logit <= (logits[i - 1] as number));
  if (!falls || Number.isNaN(logits[0]) || new Set(positions).size < kept) {
    throw new InputError({ name: path, expected: 'each picture once, by falling logits', got: 'another order' });
  }
  return { positions, logits };
}
