/**
 * @file `npm run bench:metrics -- MODEL PICTURE… [--boxes FILE]`: every method that suits a trained network, by every metric, as a
 * table of means and standard errors. After `--minutes` it stops at the end of the picture in work, and says how many pictures
 * the means are over. Methods that take minutes are measured only where `--method` names them. Metrics of localisation need
 * `--boxes`. `--pictures 1 --metric sparseness` is a quick try.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluateFiles, evaluationTable, Explainer } from '../../explain/index.js';
import { checkedMetrics, metricNames, type MetricName } from '../../explain/metrics/table.js';
import { checkedMethods, methods, type MethodName } from '../../explain/methods/table.js';
import { picturePaths } from '../../inference/files/picture-paths.node.js';
import { machine } from '../timing.js';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    boxes: { type: 'string' },
    method: { type: 'string' },
    metric: { type: 'string' },
    minutes: { type: 'string', default: '14' },
    pictures: { type: 'string', default: '8' },
  },
});

/** Methods with a run for each channel or place, and metrics that make each map 10 times and 5 times more. */
const MANY_RUNS: readonly MethodName[] = ['scorecam', 'ablationcam', 'occlusion'];
const REMADE: readonly MetricName[] = ['max-sensitivity', 'randomization'];

const [model, ...sources] = positionals;
if (model === undefined || sources.length === 0) throw new Error('bench:metrics -- MODEL PICTURE… [--boxes FILE]');
const { paths } = await picturePaths(sources);
const count = Math.min(Number(given.pictures), paths.length);
// Spread over the list, as folders are often sorted by class.
const chosen = Array.from({ length: count }, (_, i) => paths[Math.floor((i * paths.length) / count)] as string);
const folder = mkdtempSync(join(tmpdir(), 'bench-metrics-'));
const started = performance.now();
const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
const explainer = await Explainer.load(model, { device: 'cpu' });
try {
  const asked = given.method === undefined ? affordable() : checkedMethods(given.method.split(','));
  const metrics = given.metric === undefined ? metricNames : checkedMetrics(given.metric.split(','));
  const few = asked.filter((name) => !MANY_RUNS.includes(name));
  const many = asked.filter((name) => MANY_RUNS.includes(name));
  const once = metrics.filter((name) => !REMADE.includes(name));
  console.log(machine());
  if (few.length > 0) await measure('few', few, metrics, many.length > 0 ? 0.5 : 1);
  if (many.length > 0 && once.length > 0) await measure('many', many, once, 1);
} finally {
  await explainer.dispose();
  rmSync(folder, { recursive: true, force: true });
}

/** The methods that `all` means for this network and its default layer. */
function affordable(): MethodName[] {
  const costly = (name: MethodName) => {
    const method = methods[name];
    return method.kind === 'runs' && method.costly;
  };
  return explainer.methods().filter((name) => !costly(name));
}

/** @param share of all minutes that may be over when the last picture begins */
async function measure(name: string, of: MethodName[], metrics: readonly MetricName[], share: number): Promise<void> {
  const left = Math.ceil(Math.max(1, share * 60_000 * Number(given.minutes) - (performance.now() - started)));
  const { evaluation, unmarked, skipped } = await evaluateFiles(explainer, chosen, {
    out: join(folder, name),
    model,
    methods: of,
    metrics,
    ...(given.boxes !== undefined && { boxes: given.boxes }),
    signal: AbortSignal.timeout(left),
    progress_callback: ({ loaded }) => console.error(`${seconds()} s  ${loaded} of ${count} pictures`),
  });
  for (const { picture, reason } of [...skipped, ...unmarked]) console.error(`${picture}: ${reason}`);
  console.log(`\nMeans over ${evaluation.pictures} pictures ± standard errors, ${seconds()} s\n`);
  console.log(evaluationTable(evaluation));
}
