/** @file Evaluates methods of explanation: every method by every metric, over some pictures. */
import type { ModelSource } from '../../inference/networks/model-source.js';
import { preparedPictures } from '../../inference/networks/network-input.js';
import { Random } from '../../inference/numeric/random.js';
import type { Picture } from '../../inference/pictures/pictures.js';
import { InputError } from '../../onnx/errors.js';
import { Explainer, type ExplainerOptions, type ExplainOptions } from '../maps/explain.js';
import type { Explanation } from '../maps/explanation.js';
import { explainsLayer, type MethodName } from '../methods/table.js';
import { choicePerPicture, type TargetChoice } from '../targets/target-choice.js';
import type { TakenConfidence } from './confidence.js';
import { EvaluatedNetwork } from './evaluated-network.js';
import { mean, type Curve, type Metric } from './measures/metric.js';
import { metricNames, metrics, type MetricName } from './table.js';

/** A picture, and what is explained of it: by default `fake`, or the picture's top class. */
export interface EvaluatedPicture {
  picture: Picture;
  /** Numbers [C, H, W] for the network, where they are not made from the picture. */
  prepared?: Float32Array;
  /** Where the object is, 1 inside and 0 outside [H, W] of the network's input: for the pointing game and the energy inside. */
  object?: Uint8Array;
  target?: TargetChoice;
}

/** What to measure. */
export interface EvaluateOptions
  extends Omit<ExplainOptions, 'targets'>, Pick<ExplainerOptions, 'device' | 'preparation'> {
  /** Default all. */
  metrics?: readonly MetricName[];
  /** Random seed of perturbations and random weights, default 0. */
  seed?: number;
  /** Measurements of the pictures before these; they are part of the result. */
  earlier?: readonly PictureMeasurements[];
  /** Called with the measurements of a picture before the next picture starts. */
  onPicture?: (measured: PictureMeasurements) => Promise<void> | void;
  /** Called when a picture has been measured. */
  progress_callback?: (progress: { loaded: number }) => void;
  /** Stops before the network's next run; the result covers the pictures that are measured until then. */
  signal?: AbortSignal;
}

/** One map by all metrics; null for an empty map. */
export type Measurement = {
  /** Null where a value is not finite. */
  values: Partial<Record<MetricName, number | null>>;
  curves: Record<string, Curve>;
  /** What was taken for the probability of the target, where a metric follows it and the network has none. */
  confidence?: TakenConfidence;
} | null;

/** One picture's maps by all metrics. */
export type PictureMeasurements = Partial<Record<MethodName, Measurement>>;

/** The result for one method. */
export interface MethodEvaluation {
  method: MethodName;
  /** How many maps were empty; they are not part of the means. */
  empty: number;
  /** Mean over the pictures that have the metric; missing where none has. */
  values: Partial<Record<MetricName, number>>;
  /** How many values of a metric are not finite; they are not part of the means. */
  notFinite: Partial<Record<MetricName, number>>;
  /** Standard errors of the means: standard deviation over the pictures / √pictures. Only where there are several. */
  errors: Partial<Record<MetricName, number>>;
  /** Means of the metrics' curves, by their names. */
  curves: Record<string, Curve>;
}

/** The result for all methods. */
export interface Evaluation {
  pictures: number;
  metrics: readonly MetricName[];
  methods: MethodEvaluation[];
  /** Colour of removed pixels, by channel in levels of 0…255, where a metric sets them to 0 in the prepared picture. */
  removed?: number[];
  /** What was taken for the probability of the targets, where the network has none; missing where it has. */
  confidence?: TakenConfidence[];
}

/**
 * Evaluates methods of explanation on the network they explain. Perturbations are the same for every method.
 * @param source as `Explainer.load` takes it, or an `Explainer`, whose own device and preparation count
 * @param pictures taken one at a time
 * @throws InputError if an option does not fit the network, or more than one layer or target is chosen
 */
export async function evaluateMethods(
  source: ModelSource | Explainer,
  pictures: Iterable<EvaluatedPicture> | AsyncIterable<EvaluatedPicture>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const {
    metrics: names = metricNames,
    seed = 0,
    earlier = [],
    onPicture,
    progress_callback,
    signal,
    ...own
  } = options;
  const explainer = source instanceof Explainer ? source : await Explainer.load(source, own);
  const stoppable = { ...own, ...(signal && { signal }) };
  const network = new EvaluatedNetwork(explainer, stoppable, seed);
  const measured = [...earlier];
  try {
    requireOneLayer(explainer, own);
    for await (const { picture, prepared, target, object } of pictures) {
      const input = prepared ?? preparedPictures([picture], explainer.input);
      const explanations = await explainer.explainInput(input, {
        ...stoppable,
        ...(target !== undefined && { targets: target }),
      });
      const of = await measurements(network, input, explanations, { names, picture: measured.length, seed, object });
      await onPicture?.(of);
      measured.push(of);
      progress_callback?.({ loaded: measured.length });
      if (signal?.aborted) break;
    }
  } catch (error) {
    // What is measured of the current picture is dropped.
    if (!signal?.aborted || error !== signal.reason) throw error;
  } finally {
    await network.dispose();
    if (explainer !== source) await explainer.dispose();
  }
  const methods = new Set(measured.flatMap((each) => Object.keys(each) as MethodName[]));
  const confidence = new Set(measured.flatMap((each) => Object.values(each).flatMap((one) => one?.confidence ?? [])));
  return {
    pictures: measured.length,
    ...(names.some(removes) && {
      removed: explainer.input.picture.normalization.mean.map((level) => Math.round(255 * level)),
    }),
    ...(confidence.size > 0 && { confidence: [...confidence] }),
    metrics: names,
    methods: [...methods].map((method) =>
      summary(
        method,
        measured.flatMap((each) => (each[method] === undefined ? [] : [each[method]])),
      ),
    ),
  };
}

function removes(name: MetricName): boolean {
  const metric: Metric = metrics[name];
  return metric.removes === true;
}

/** @throws InputError if there would be several maps of a method */
function requireOneLayer(explainer: Explainer, { layers, tokens, methods }: ExplainOptions): void {
  if (Array.isArray(methods) && !(methods as readonly MethodName[]).some(explainsLayer)) return;
  const groups = explainer.chosenLayers(layers, tokens);
  if (groups.length > 1) throw severalMaps(`${groups.length} layers`);
}

const severalMaps = (got: string) =>
  new InputError({ name: 'evaluate', expected: 'one layer, or several averaged ones, and one target', got });

/** @throws InputError if a target means several */
export function requireOneTarget(targets: ReturnType<typeof choicePerPicture>): void {
  const several = targets.find((target) => {
    if (typeof target !== 'object') return false;
    return 'several' in target ? target.several.length > 1 : 'top' in target && target.top > 1;
  });
  if (several) throw severalMaps('several targets');
}

async function measurements(
  network: EvaluatedNetwork,
  input: Float32Array,
  explanations: readonly Explanation[],
  {
    names,
    picture,
    seed,
    object,
  }: { names: readonly MetricName[]; picture: number; seed: number; object: Uint8Array | undefined },
): Promise<PictureMeasurements> {
  if (new Set(explanations.map(({ method }) => method)).size < explanations.length) throw severalMaps('more');
  const methods = explanations.map(({ method }) => method);
  const found: PictureMeasurements = {};
  for (const explanation of explanations) {
    const random = (metric: MetricName) => Random.derived(seed, `${metric}/${picture}`);
    found[explanation.method] = await measurement(network, input, explanation, { names, methods, random, object });
  }
  network.forgetShared();
  return found;
}

async function measurement(
  network: EvaluatedNetwork,
  input: Float32Array,
  explanation: Explanation,
  {
    names,
    methods,
    random,
    object,
  }: {
    names: readonly MetricName[];
    methods: readonly MethodName[];
    random: (metric: MetricName) => Random;
    object: Uint8Array | undefined;
  },
): Promise<Measurement> {
  if (explanation.reason !== undefined) return null;
  const found: NonNullable<Measurement> = { values: {}, curves: {} };
  // Together: one metric prepares its pictures while the network runs those of another.
  const measuring = names.map(async (metric) => {
    const onTaken = (taken: TakenConfidence) => void (found.confidence = taken);
    const chance = { random: random(metric), metric, object, onTaken };
    const subject = await network.subject(input, explanation, methods, chance);
    return { metric, ...(await metrics[metric].measure(subject)) };
  });
  // After an error the network is freed: not before the others are done with it.
  await Promise.allSettled(measuring);
  const measured = await Promise.all(measuring);
  for (const { metric, value, curves } of measured) {
    if (value === undefined) continue;
    found.values[metric] = Number.isFinite(value) ? value : null;
    if (Number.isFinite(value)) Object.assign(found.curves, curves);
  }
  return found;
}

function summary(method: MethodName, all: readonly Measurement[]): MethodEvaluation {
  const full = all.filter((each) => each !== null);
  const values: MethodEvaluation['values'] = {};
  const errors: MethodEvaluation['errors'] = {};
  const notFinite: MethodEvaluation['notFinite'] = {};
  for (const name of metricNames) {
    const found = full.flatMap(({ values: own }) => own[name] ?? []);
    if (found.length > 0) values[name] = mean(found);
    if (found.length > 1) errors[name] = standardError(found);
    const others = full.filter(({ values: own }) => own[name] === null).length;
    if (others > 0) notFinite[name] = others;
  }
  const curves: MethodEvaluation['curves'] = {};
  for (const name of new Set(full.flatMap((each) => Object.keys(each.curves)))) {
    const found = full.flatMap((each) => each.curves[name] ?? []);
    const { x } = found[0] as Curve;
    curves[name] = { x, y: x.map((_, i) => mean(found.map(({ y }) => y[i] ?? Number.NaN))) };
  }
  return { method, empty: all.length - full.length, values, notFinite, errors, curves };
}

/** The standard error of the mean of at least two values. */
function standardError(values: readonly number[]): number {
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}
