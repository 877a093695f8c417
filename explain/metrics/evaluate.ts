/** @file How good maps are: every method by every metric, over some pictures. */
import { modelFrom, type ModelSource } from '../../inference/networks/model-source.js';
import { preparedPictures } from '../../inference/networks/network-input.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { Random } from '../../inference/numeric/random.js';
import { InputError } from '../../onnx/errors.js';
import { upgradedModel } from '../../onnx/upgrade/upgrade.js';
import { EvaluatedNetwork } from './evaluated-network.js';
import type { ExplainerOptions, ExplainOptions } from '../maps/explain.js';
import type { Explanation } from '../maps/explanation.js';
import type { MethodName } from '../methods/table.js';
import { metricNames, metrics, type MetricName } from './table.js';
import { mean, type Curve } from './metric.js';
import type { TargetChoice } from '../targets/target-choice.js';

/** A picture, and what is explained of it: by default `fake`, or the picture's top class. */
export interface EvaluatedPicture {
  picture: Picture;
  target?: TargetChoice;
}

/** What to measure. */
export interface EvaluateOptions
  extends Omit<ExplainOptions, 'targets'>, Pick<ExplainerOptions, 'device' | 'preparation'> {
  /** Default all. */
  metrics?: readonly MetricName[];
  /** Of perturbations and random weights, default 0. */
  seed?: number;
  /** Called when a picture's maps have been measured. */
  progress_callback?: (progress: { loaded: number }) => void;
  /** Stops after the picture at hand; the result is of those until then. */
  signal?: AbortSignal;
}

/** What the metrics say of a method. */
export interface MethodEvaluation {
  method: MethodName;
  /** Maps that show nothing; no metric can tell anything of them, and they are left out. */
  empty: number;
  /** Mean over the pictures; missing where all maps are empty. */
  values: Partial<Record<MetricName, number>>;
  /** Means of the metrics' curves, by their names. */
  curves: Record<string, Curve>;
}

/** The result for all methods. */
export interface Evaluation {
  pictures: number;
  metrics: readonly MetricName[];
  methods: MethodEvaluation[];
}

/** One map by all metrics; undefined for an empty one. */
type Measurement = { values: Map<MetricName, number>; curves: Map<string, Curve> } | undefined;

/**
 * Measures methods of explanation by the network they explain. Perturbations are the same for every method.
 * @param source as `Explainer.load` takes it
 * @param pictures taken one at a time
 * @throws InputError if an option does not fit the network, or more than one layer or target is chosen
 */
export async function evaluateMethods(
  source: ModelSource,
  pictures: Iterable<EvaluatedPicture> | AsyncIterable<EvaluatedPicture>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { metrics: names = metricNames, seed = 0, progress_callback, signal, ...explaining } = options;
  const model = upgradedModel(await modelFrom(source));
  const network = await EvaluatedNetwork.load(model, explaining, seed);
  const measured = new Map<MethodName, Measurement[]>();
  let loaded = 0;
  try {
    for await (const { picture, target } of pictures) {
      const input = preparedPictures([picture], network.explainer.input);
      const own = { ...explaining, ...(target !== undefined && { targets: target }) };
      const explanations = await network.explainer.explainInput(input, own);
      for (const explanation of onePerMethod(explanations)) {
        const known = measured.get(explanation.method) ?? [];
        known.push(await measurement(network, input, explanation, { names, picture: loaded, seed }));
        measured.set(explanation.method, known);
      }
      loaded++;
      progress_callback?.({ loaded });
      if (signal?.aborted) break;
    }
  } finally {
    await network.dispose();
  }
  return {
    pictures: loaded,
    metrics: names,
    methods: [...measured].map(([method, measurements]) => summary(method, measurements)),
  };
}

function onePerMethod(explanations: readonly Explanation[]): readonly Explanation[] {
  if (new Set(explanations.map(({ method }) => method)).size === explanations.length) return explanations;
  throw new InputError({
    name: 'evaluate',
    expected: 'one layer, or several averaged ones, and one target',
    got: 'more',
  });
}

async function measurement(
  network: EvaluatedNetwork,
  input: Float32Array,
  explanation: Explanation,
  { names, picture, seed }: { names: readonly MetricName[]; picture: number; seed: number },
): Promise<Measurement> {
  if (explanation.reason !== undefined) return undefined;
  const values = new Map<MetricName, number>();
  const curves = new Map<string, Curve>();
  for (const name of names) {
    const random = Random.derived(seed, `${name}/${picture}`);
    const subject = await network.subject(input, explanation, random);
    const { value, curves: own = {} } = await metrics[name].measure(subject);
    values.set(name, value);
    for (const [curve, line] of Object.entries(own)) curves.set(curve, line);
  }
  return { values, curves };
}

function summary(method: MethodName, measurements: readonly Measurement[]): MethodEvaluation {
  const full = measurements.filter((each) => each !== undefined);
  const [first] = full;
  const names = [...(first?.values.keys() ?? [])];
  const values = names.map((name) => [name, mean(full.map((each) => each.values.get(name) ?? Number.NaN))] as const);
  const curves = [...(first?.curves ?? [])].map(([name, { x }]) => {
    const y = x.map((_, i) => mean(full.map((each) => each.curves.get(name)?.y[i] ?? Number.NaN)));
    return [name, { x, y }] as const;
  });
  return {
    method,
    empty: measurements.length - full.length,
    values: Object.fromEntries(values),
    curves: Object.fromEntries(curves),
  };
}
