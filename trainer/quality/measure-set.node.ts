/** @file How a compared set is split into parts, and measured in one go. */
import type { Candidates } from './candidates.js';
import type { FeatureNetwork } from './feature-network.node.js';
import type { Gram } from './distance/feature-sums.js';
import { BLOCK } from './distance/gram.node.js';
import { keepsAll, neededRows, type KernelPlan, type SetRole } from './distance/kernel-plan.js';
import { MeasuredSet, rowsInMemory } from './measured-set.node.js';
import { measuredPart, measuredRows, type PartRequest } from './set-part.node.js';

/** Which pictures of a set are measured, and what for. */
export interface SetPlan {
  role: SetRole;
  /** Pictures of the set, if enough can be decoded. */
  wanted: number;
  /** The subsets, as far as they are known before broken pictures are found. */
  kernel: KernelPlan;
}

/** Parts of a set: of as many pictures each as one block of sums. Broken ones may be replaced in a further part. */
export const partsOf = ({ wanted }: SetPlan): number => Math.ceil(wanted / BLOCK);

/** The positions of a part. */
export function partRange(part: number, { wanted }: SetPlan): { start: number; end: number } {
  return { start: part * BLOCK, end: Math.min((part + 1) * BLOCK, wanted) };
}

/** Positions whose features are kept: those that are needed if no picture is broken. */
export function keptPositions({ role, wanted, kernel }: SetPlan): PartRequest['keeps'] {
  if (keepsAll(wanted, kernel)) return () => true;
  const needed = new Set(neededRows(wanted, role, kernel));
  return (position) => needed.has(position);
}

/**
 * The part that replaces broken pictures by further ones, if there are any.
 * @param broken how many pictures are broken
 */
export function replacement(
  { wanted, kernel }: SetPlan,
  { length = wanted }: Candidates,
  broken: number,
): Pick<PartRequest, 'start' | 'end' | 'most' | 'keeps'> | undefined {
  if (broken === 0 || length <= wanted) return undefined;
  const all = keepsAll(wanted, kernel);
  return { start: wanted, end: length, most: broken, keeps: () => all };
}

/**
 * Measures all parts of a set one after the other.
 * @throws InputError if a feature is not finite, or no picture can be decoded
 * @throws the signal's reason when it is aborted
 */
export async function measuredSet(
  network: FeatureNetwork,
  candidates: Candidates,
  plan: SetPlan,
  { gram, signal, progress }: Pick<PartRequest, 'signal' | 'progress'> & { gram: Gram | undefined },
): Promise<MeasuredSet> {
  const set = new MeasuredSet(candidates, network.size);
  const keeps = keptPositions(plan);
  const measure = async (request: PartRequest) =>
    set.add(await measuredPart(network, candidates, { ...request, gram, signal, progress }));
  for (let part = 0; part < partsOf(plan); part++) await measure({ ...partRange(part, plan), keeps });
  const further = replacement(plan, candidates, plan.wanted - set.count);
  if (further) await measure(further);
  set.expectAny();
  return set;
}

/** Measures again what is needed by its features and not kept, which only happens in large sets with broken pictures. */
export async function addMissingRows(
  network: FeatureNetwork,
  set: MeasuredSet,
  role: SetRole,
  plan: KernelPlan,
  signal?: AbortSignal,
): Promise<void> {
  const missing = set.missing(neededRows(set.count, role, plan));
  if (missing.length > 0) set.addRows(rowsInMemory(await measuredRows(network, set.candidates, missing, signal)));
}
