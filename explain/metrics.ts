/** @file The table of metrics of maps. */
import { maskedConfidenceMetrics } from './metrics/masked-confidence.js';
import type { Metric } from './metrics/metric.js';
import { perturbedMetrics } from './metrics/perturbed.js';
import { pixelCurveMetrics } from './metrics/pixel-curves.js';
import { randomizationMetrics } from './metrics/randomization.js';
import { roadMetrics } from './metrics/road.js';

const table = {
  ...pixelCurveMetrics,
  ...maskedConfidenceMetrics,
  ...roadMetrics,
  ...perturbedMetrics,
  ...randomizationMetrics,
};

/** Name of a metric. */
export type MetricName = keyof typeof table;

/** All metrics, by name. */
export const metrics: Readonly<Record<MetricName, Metric>> = table;

/** The names of all metrics, in the order of the table. */
export const metricNames = Object.keys(metrics) as MetricName[];
