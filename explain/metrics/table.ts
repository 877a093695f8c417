/** @file The table of metrics of maps. */
import { InputError } from '../../onnx/errors.js';
import { completenessMetrics } from './measures/completeness.js';
import { distributionMetrics } from './measures/distribution.js';
import { localisationMetrics } from './measures/localisation.js';
import { maskedConfidenceMetrics } from './measures/masked-confidence.js';
import type { Metric } from './measures/metric.js';
import { perturbedMetrics } from './measures/perturbed.js';
import { pixelCurveMetrics } from './measures/pixel-curves.js';
import { randomizationMetrics } from './measures/randomization.js';
import { roadMetrics } from './measures/road.js';

/** The entries, of which no more is known than their names. */
const named = <Name extends string>(entries: Readonly<Record<Name, Metric>>) => entries;

/** All metrics, by name. */
export const metrics = named({
  ...pixelCurveMetrics,
  ...maskedConfidenceMetrics,
  ...roadMetrics,
  ...perturbedMetrics,
  ...randomizationMetrics,
  ...distributionMetrics,
  ...localisationMetrics,
  ...completenessMetrics,
});

/** Name of a metric. */
export type MetricName = keyof typeof metrics;

/** The names of all metrics, in the order of the table. */
export const metricNames = Object.keys(metrics) as MetricName[];

/** The names without repetitions. @throws InputError for an empty list or a name that is not in the table */
export function checkedMetrics(names: readonly string[]): MetricName[] {
  const unknown = names.find((name) => !metricNames.some((known) => known === name));
  if (unknown !== undefined || names.length === 0) {
    throw new InputError({
      name: 'metric',
      expected: `all, or one or more of ${metricNames.join(', ')}`,
      got: `"${unknown ?? ''}"`,
    });
  }
  return [...new Set(names as readonly MetricName[])];
}
