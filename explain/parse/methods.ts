/** @file Methods, their baselines and metrics as text. */
import { checkedBaselines, type BaselineName } from '../methods/gradients/baselines.js';
import { checkedMetrics, metricNames, type MetricName } from '../metrics/table.js';
import { checkedMethods, type MethodName } from '../methods/table.js';

/**
 * Methods as the command line writes them: `all`, or names with commas, each once.
 * @throws InputError for names that are not in the table
 */
export function parsedMethods(text: string): MethodName[] | 'all' {
  if (text.trim() === 'all') return 'all';
  return checkedMethods(text.split(',').map((name) => name.trim()));
}

/** Baselines with commas, each once. @throws InputError for other names */
export function parsedBaselines(text: string): BaselineName[] {
  return checkedBaselines(text.split(',').map((name) => name.trim()));
}

/** Metrics: `all`, or names with commas, each once. @throws InputError for other names */
export function parsedMetrics(text: string): MetricName[] {
  return text.trim() === 'all' ? metricNames : checkedMetrics(text.split(',').map((name) => name.trim()));
}
