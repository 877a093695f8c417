/** @file Scores of the picture under masks, and how many of them a budget of forward passes pays for. */
import { InputError } from '../../../onnx/errors.js';
import type { NetworkRuns } from '../kinds/method.js';

/** How a method uses its budget. */
export interface Budget {
  /** The method, as users name it. */
  method: string;
  /** Draws where no budget is given. */
  draws: number;
  /** Fewest and most draws that give a map. */
  least: number;
  most?: number;
  /** Forward passes of a draw, for each baseline; default 1. */
  passes?: number;
  /** Further forward passes for each baseline; default 0. */
  further?: number;
}

/** The draws that the budget `network.runs` pays for. @throws InputError if they are too few or too many */
export function affordedDraws({ runs, baselines }: NetworkRuns, budget: Budget): number {
  const { method, draws, least, most = Number.POSITIVE_INFINITY, passes = 1, further = 0 } = budget;
  if (runs === undefined) return Math.max(draws, least);
  const afforded = Math.floor((runs / baselines.length - further) / passes);
  const forwards = (count: number) => (count * passes + further) * baselines.length;
  const several = baselines.length > 1 ? ` with ${baselines.length} baselines` : '';
  const refused = (expected: string) =>
    new InputError({ name: 'runs', expected: `${expected} forward passes for ${method}${several}`, got: runs });
  if (afforded < least) throw refused(`at least ${forwards(least)}`);
  if (afforded > most) throw refused(`at most ${forwards(most)}`);
  return afforded;
}

/**
 * Scores of the picture where it shows through masks, and baselines elsewhere: x·m + b·(1 − m); of several baselines the mean.
 * The next masks are made while the network runs.
 * @param maskOf the mask [H, W] of a draw, in 0…1; called once for each, in order
 */
export async function scoresOfMasked(
  network: NetworkRuns,
  draws: number,
  maskOf: (draw: number) => ArrayLike<number>,
): Promise<Float64Array> {
  const { input, baselines, batch } = network;
  const scores = new Float64Array(draws);
  const most = Math.max(1, Math.floor(batch / baselines.length));
  let running: Promise<void> | undefined;
  for (let start = 0; start < draws; start += most) {
    const count = Math.min(most, draws - start);
    const pictures = new Float32Array(count * baselines.length * input.length);
    for (let row = 0; row < count; row++) {
      const mask = maskOf(start + row);
      baselines.forEach((baseline, at) =>
        mix(pictures, (row * baselines.length + at) * input.length, { input, baseline, mask }),
      );
    }
    await running;
    running = network.scores(pictures).then((found) => {
      found.forEach((score, at) => {
        const draw = start + Math.floor(at / baselines.length);
        scores[draw] = (scores[draw] as number) + score / baselines.length;
      });
      network.progress?.(start + count, draws);
    });
    // Its error is thrown when it is awaited.
    running.catch(() => undefined);
  }
  await running;
  return scores;
}

interface Mixed {
  input: Float32Array;
  baseline: Float32Array;
  mask: ArrayLike<number>;
}

/** Writes the picture seen through a mask into `into`, from `start` on. */
function mix(into: Float32Array, start: number, { input, baseline, mask }: Mixed): void {
  const plane = mask.length;
  for (let from = 0; from < input.length; from += plane) {
    for (let at = 0; at < plane; at++) {
      const empty = baseline[from + at] as number;
      into[start + from + at] = empty + (mask[at] as number) * ((input[from + at] as number) - empty);
    }
  }
}
