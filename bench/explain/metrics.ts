/**
 * @file `npm run bench:metrics -- MODEL PICTURE… [--boxes FILE] [--out FOLDER]`: every method that suits a trained network, by every
 * metric, as one table of means and standard errors, within `--minutes`. Methods are measured in three groups, by how long a map
 * takes (`plan.ts`): quick ones by all metrics over `--pictures` pictures, slow ones without the metrics that make each map again
 * and over fewer pictures, those by thousands of masks over one or two. The table says over how many. With `--out` the numbers are
 * kept there, with `table.md` as far as it is, and the same command goes on where it stopped. `--pictures 1 --metric sparseness` is a quick try.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluateFiles, Explainer } from '../../explain/index.js';
import type { Evaluation } from '../../explain/metrics/evaluate.js';
import { checkedMetrics, metricNames, type MetricName } from '../../explain/metrics/table.js';
import { checkedMethods, type MethodName } from '../../explain/methods/table.js';
import { picturePaths } from '../../inference/files/picture-paths.node.js';
import { machine } from '../timing.js';
import { planOf, type Group } from './plan.js';
import { mergedTable } from './table.js';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    boxes: { type: 'string' },
    method: { type: 'string' },
    metric: { type: 'string' },
    target: { type: 'string' },
    minutes: { type: 'string', default: '13' },
    out: { type: 'string' },
    pictures: { type: 'string', default: '8' },
  },
});

/** Metrics that make each map 10 times and 5 times more. */
const REMADE: readonly MetricName[] = ['max-sensitivity', 'randomization'];
/** Pictures at most, and the share of all minutes that is over when the group has to end. */
const MOST: Record<Group, number> = { quick: Number.POSITIVE_INFINITY, slow: 5, costly: 2 };
const SHARE: Record<Group, number> = { quick: 0.4, slow: 0.65, costly: 1 };

const [model, ...sources] = positionals;
if (model === undefined || sources.length === 0)
  throw new Error('bench:metrics -- MODEL PICTURE… [--boxes FILE] [--out FOLDER]');
const { paths } = await picturePaths(sources);
const count = Math.min(Number(given.pictures), paths.length);
// Spread over the list, as folders are often sorted by class.
const chosen = Array.from({ length: count }, (_, i) => paths[Math.floor((i * paths.length) / count)] as string);
const folder = given.out ?? mkdtempSync(join(tmpdir(), 'bench-metrics-'));
mkdirSync(folder, { recursive: true });
const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
const say = (text: string) => console.error(`${seconds().toFixed(0)} s  ${text}`);
const explainer = await Explainer.load(model, { device: 'cpu' });
try {
  const asked = given.method === undefined ? explainer.methods() : checkedMethods(given.method.split(','));
  const metrics = given.metric === undefined ? metricNames : checkedMetrics(given.metric.split(','));
  const { groups, times, left } = await planOf(explainer, asked, chosen[0] as string, join(folder, 'plan.json'), say);
  const made: Evaluation[] = [];
  const unmeasured: MethodName[] = [...left];
  // Costly methods one by one, so that those that fit are measured.
  const costly = groups.costly.toSorted((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  const steps: { name: string; group: Group; own: MethodName[] }[] = [
    { name: 'quick', group: 'quick', own: groups.quick },
    { name: 'slow', group: 'slow', own: groups.slow },
    ...costly.map((name) => ({ name, group: 'costly' as const, own: [name] })),
  ];
  for (const { name, group, own } of steps) {
    const measured = group === 'quick' ? metrics : metrics.filter((each) => !REMADE.includes(each));
    const end = SHARE[group] * 60 * Number(given.minutes);
    const expected = own.reduce((sum, each) => sum + (times[each] ?? 0), 0);
    if (own.length === 0 || measured.length === 0) continue;
    if (seconds() + expected > end) {
      unmeasured.push(...own);
      continue;
    }
    say(`${name}: ${own.length} methods, ${expected.toFixed(0)} s for the maps of a picture`);
    const stop = new AbortController();
    let before = seconds();
    const { evaluation, unmarked, skipped } = await evaluateFiles(explainer, chosen.slice(0, MOST[group]), {
      out: join(folder, name),
      resume: true,
      model,
      methods: own,
      metrics: measured,
      ...(given.target !== undefined && { targets: Number(given.target) }),
      ...(given.boxes !== undefined && { boxes: given.boxes }),
      signal: stop.signal,
      progress_callback: ({ loaded }) => {
        say(`${name}: ${loaded} pictures`);
        // One more has to fit.
        const took = seconds() - before;
        before = seconds();
        if (before + took > end) stop.abort();
      },
    });
    for (const { picture, reason } of [...skipped, ...unmarked]) console.error(`${picture}: ${reason}`);
    made.push(evaluation);
    // What is there by now, should the process be ended.
    writeFileSync(join(folder, 'table.md'), `${mergedTable(made, times)}\n`);
  }
  console.log(`\n${machine()}, ${seconds().toFixed(0)} s\n`);
  console.log(mergedTable(made, times));
  if (unmeasured.length > 0) console.log(`\nNot measured, as a map takes too long: ${unmeasured.join(', ')}.`);
} finally {
  await explainer.dispose();
  if (given.out === undefined) rmSync(folder, { recursive: true, force: true });
}
