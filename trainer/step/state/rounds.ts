/** @file What the ranks of a group agree on between steps: what comes next, and whether one of them was asked to stop. */
import type { Group } from './group.js';

/** What rank 0 goes on with; the others follow. */
export type Next = 'step' | 'save' | 'end';

const NUMBERS = ['step', 'save', 'end'] as const satisfies readonly Next[];

/** What the ranks agreed on. */
export interface Agreement {
  next: Next;
  /** Whether any rank was asked to stop: no step follows. */
  stop: boolean;
}

/** A round of all ranks. @param next what rank 0 goes on with; of no matter for others */
export async function agreed(group: Group, next: Next, signal: AbortSignal | undefined): Promise<Agreement> {
  const number = group.rank === 0 ? NUMBERS.indexOf(next) : 0;
  const means = await group.mean(Float32Array.of(number, signal?.aborted ? 1 : 0));
  const [sum = 0, stops = 0] = means.map((mean) => Math.round(mean * group.size));
  return { next: NUMBERS[sum] ?? 'end', stop: stops > 0 };
}
