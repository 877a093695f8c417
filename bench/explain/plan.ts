/** @file Which methods a benchmark of metrics can measure over how many pictures: groups by the time of a map. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Explainer } from '../../explain/index.js';
import { methodRuns } from '../../explain/methods/names.js';
import { methods, type MethodName } from '../../explain/methods/table.js';
import { preparedPictures } from '../../inference/networks/network-input.js';
import { decodePicture } from '../../inference/pictures/pictures.node.js';
import { median, milliseconds } from '../timing.js';

/** `quick`: a map takes at most 20 forward passes' time, or 0.1 s; `slow`: more; `costly`: thousands of masks. */
export type Group = 'quick' | 'slow' | 'costly';

/** Methods by groups, and the seconds of one map. */
export interface Plan {
  groups: Record<Group, MethodName[]>;
  times: Partial<Record<MethodName, number>>;
  /** Methods that take minutes for a map. */
  left: MethodName[];
}

/** Forward passes' time of a map that can be made 15 times more. */
const QUICK = 20;
const QUICK_SECONDS = 0.1;
/** As many times slower is slow, whatever was loaded. */
const CLEARLY_SLOW = 5;

/** The plan in the file, or a new one that is measured with this picture and written there. */
export async function planOf(
  explainer: Explainer,
  asked: readonly MethodName[],
  picture: string,
  path: string,
  say: (text: string) => void,
): Promise<Plan> {
  const plan = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Plan) : emptyPlan();
  const known = new Set([...Object.values(plan.groups).flat(), ...plan.left]);
  const missing = asked.filter((name) => !known.has(name));
  if (missing.length === 0) return plan;
  const input = preparedPictures([await decodePicture(picture)], explainer.input);
  const forward = median(await milliseconds(() => explainer.logits(input), 5)) / 1000;
  const quick = Math.max(QUICK * forward, QUICK_SECONDS);
  const map = async (name: MethodName) => {
    const started = performance.now();
    await explainer.explainInput(input.slice(), { methods: [name] });
    return (performance.now() - started) / 1000;
  };
  say(
    `a forward pass takes ${(1000 * forward).toFixed(0)} ms; the time of a map is measured for ${missing.length} methods`,
  );
  for (const name of missing) {
    const method = methods[name];
    if (method.kind === 'runs' && method.costly) {
      const runs = methodRuns.find((each) => each.name === name)?.runs;
      if (runs !== undefined) plan.times[name] = runs * forward;
      (runs === undefined ? plan.left : plan.groups.costly).push(name);
      writeFileSync(path, JSON.stringify(plan));
      continue;
    }
    const first = await map(name);
    // The first map of a method loads what it needs.
    const isClear = first <= quick || first > CLEARLY_SLOW * quick;
    const own = isClear ? first : await map(name);
    plan.times[name] = own;
    plan.groups[own <= quick ? 'quick' : 'slow'].push(name);
    writeFileSync(path, JSON.stringify(plan));
  }
  return plan;
}

const emptyPlan = (): Plan => ({ groups: { quick: [], slow: [], costly: [] }, times: {}, left: [] });
