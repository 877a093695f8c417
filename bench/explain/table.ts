/** @file One table of several evaluations, each of other methods over other pictures. */
import type { Evaluation } from '../../explain/metrics/evaluate.js';
import { metricNames, metrics } from '../../explain/metrics/table.js';
import { methods, type MethodName } from '../../explain/methods/table.js';
import { formattedNumber } from '../../inference/figures/numbers.js';

/** Rows in the order of the table of methods; a metric that no method has is left out. */
export function mergedTable(
  evaluations: readonly Evaluation[],
  times: Readonly<Partial<Record<MethodName, number>>>,
): string {
  const rows = evaluations.flatMap(({ pictures, methods: own }) => own.map((each) => ({ pictures, ...each })));
  const names = metricNames.filter((name) => rows.some(({ values }) => values[name] !== undefined));
  const order = Object.keys(methods);
  const cells = rows
    .toSorted((a, b) => order.indexOf(a.method) - order.indexOf(b.method))
    .map(({ method, pictures, empty, values, errors }) => [
      methods[method].title,
      `${pictures}${empty > 0 ? `, ${empty} empty` : ''}`,
      formattedNumber(times[method] ?? Number.NaN),
      ...names.map((name) => {
        const [value, error] = [values[name], errors[name]];
        if (value === undefined) return '–';
        return formattedNumber(value) + (error === undefined ? '' : ` ± ${formattedNumber(error)}`);
      }),
    ]);
  const heads = names.map((name) => `${metrics[name].title} ${metrics[name].better === 'higher' ? '↑' : '↓'}`);
  return [['Method', 'Pictures', 's per map', ...heads], ['---', ...Array(names.length + 2).fill('---:')], ...cells]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}
