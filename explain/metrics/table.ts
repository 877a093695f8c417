/** @file The table of metrics of maps. */
import { maskedConfidenceMetrics } from './masked-confidence.js';
import type { Metric } from './metric.js';
import { perturbedMetrics } from './perturbed.js';
import { pixelCurveMetrics } from './pixel-curves.js';
import { randomizationMetrics } from './randomization.js';
import { roadMetrics } from './road.js';

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
