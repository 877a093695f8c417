/**
 * @file `npm run bench:metrics -- MODEL PICTURE… [--boxes FILE] [--out FOLDER]`: every method that suits a trained network, by every
 * metric, as one table of means and standard errors, within `--minutes`. Methods are measured in three groups, by how long a map
 * takes (`plan.ts`): quick ones by all metrics over `--pictures` pictures, slow ones without the metrics that make each map again
 * and over fewer pictures, those by thousands of masks over one or two. The table says over how many. With `--out` the numbers are
 * kept there, and the same command goes on where it stopped. `--pictures 1 --metric sparseness` is a quick try.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluateFiles, Explainer } from '../../explain/index.js';
import type { Evaluation } from '../../explain/metrics/evaluate.js';
import { checkedMetrics, metricNames, type MetricName } from '../../explain/metrics/table.js';
import { checkedMethods } from '../../explain/methods/table.js';
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
/** Pictures of slow methods and of costly ones, and the share of all minutes that is over when their group has to end. */
const MOST: Record<Group, number> = { quick: Number.POSITIVE_INFINITY, slow: 5, costly: 2 };
const SHARE: Record<Group, number> = { quick: 0.45, slow: 0.8, costly: 1 };

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
  const made: { group: Group; evaluation: Evaluation }[] = [];
  for (const group of ['quick', 'slow', 'costly'] as const) {
    const methods = groups[group];
    const own = group === 'quick' ? metrics : metrics.filter((name) => !REMADE.includes(name));
    const room = SHARE[group] * 60 * Number(given.minutes) - seconds();
    const expected = methods.reduce((sum, name) => sum + (times[name] ?? 0), 0);
    if (methods.length === 0 || own.length === 0) continue;
    if (group === 'costly' && expected > room) {
      say(`not measured, as one picture takes ${expected.toFixed(0)} s: ${methods.join(', ')}`);
      continue;
    }
    say(`${group}: ${methods.join(', ')}`);
    const stop = new AbortController();
    let before = seconds();
    const { evaluation, unmarked, skipped } = await evaluateFiles(explainer, chosen.slice(0, MOST[group]), {
      out: join(folder, group),
      resume: true,
      model,
      methods,
      metrics: own,
      ...(given.target !== undefined && { targets: Number(given.target) }),
      ...(given.boxes !== undefined && { boxes: given.boxes }),
      signal: stop.signal,
      progress_callback: ({ loaded }) => {
        say(`${group}: ${loaded} pictures`);
        // One more has to fit.
        const took = seconds() - before;
        before = seconds();
        if (before + took > SHARE[group] * 60 * Number(given.minutes)) stop.abort();
      },
    });
    for (const { picture, reason } of [...skipped, ...unmarked]) console.error(`${picture}: ${reason}`);
    made.push({ group, evaluation });
  }
  console.log(`\n${machine()}, ${seconds().toFixed(0)} s\n`);
  console.log(
    mergedTable(
      made.map(({ evaluation }) => evaluation),
      times,
    ),
  );
  if (left.length > 0) console.log(`\nNot measured, as one map takes minutes: ${left.join(', ')}.`);
} finally {
  await explainer.dispose();
  if (given.out === undefined) rmSync(folder, { recursive: true, force: true });
}
