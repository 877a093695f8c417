/** @file The table of metrics of maps. */
import { maskedConfidenceMetrics } from './measures/masked-confidence.js';
import type { Metric } from './measures/metric.js';
import { perturbedMetrics } from './measures/perturbed.js';
import { pixelCurveMetrics } from './measures/pixel-curves.js';
import { randomizationMetrics } from './measures/randomization.js';
import { roadMetrics } from './measures/road.js';

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
