/** @file The evaluation of a run while it trains, as its settings say. */
import { parsedPreparation } from '../../inference/networks/preprocessing.js';
import type { ResolvedDevice } from '../../inference/runtime/session.js';
import type { Assumption } from '../../inference/graphs/assumption.js';
import { digestOf } from '../../inference/files/same-job.node.js';
import { modelFiles } from '../../inference/tasks/shared/model-files.node.js';
import { InputError } from '../../onnx/index.js';
import type { ChosenSettings } from '../settings/resolve-settings.node.js';
import type { GanConfig } from '../settings/config.js';
import type { ReadablePictures } from '../data/sets/readable.js';
import { Evaluator } from '../quality/evaluator.node.js';
import { FeatureNetwork, namedFeatures } from '../quality/feature-network.node.js';
import type { EvaluationSettings } from '../checkpoint/run-file.node.js';
import { runDefaults } from '../settings/run-settings.js';
import { isAddress } from './open-run.node.js';

/**
 * The settings of a run's evaluation; undefined where it has none.
 * @param saved those of a resumed run, which are kept but for how often
 * @throws InputError if there is no network to compare by
 */
export function evaluationSettings(
  given: ChosenSettings,
  saved: EvaluationSettings | undefined,
): EvaluationSettings | undefined {
  const { features, featuresMean, featuresStd, featuresSize, evalSamples, evalEvery } = { ...runDefaults, ...given };
  if (saved !== undefined) return { ...saved, evalEvery: given.evalEvery ?? saved.evalEvery };
  if (features === undefined) {
    const isStray = (name: keyof typeof runDefaults | 'featuresMean' | 'featuresStd' | 'featuresSize') =>
      given[name] !== undefined && given[name] !== (runDefaults as ChosenSettings)[name];
    const names = ['evalEvery', 'evalSamples', 'featuresMean', 'featuresStd', 'featuresSize'] as const;
    const stray = given.eval === true ? 'eval' : names.find(isStray);
    if (stray === undefined) return undefined;
    throw new InputError({
      name: stray,
      expected: 'it with `features` MODEL.onnx[:LAYER], such as gan-features makes',
    });
  }
  if ((featuresMean === undefined) !== (featuresStd === undefined)) {
    throw new InputError({ name: 'featuresMean', expected: 'it together with `featuresStd`', got: 'one of them' });
  }
  return {
    features,
    evalSamples,
    evalEvery,
    ...(featuresMean && { featuresMean }),
    ...(featuresStd && { featuresStd }),
    ...(featuresSize && { featuresSize }),
  };
}

/** The evaluator of a run; release it with `dispose`. @throws InputError if the network cannot be used, or there are too few pictures */
export async function createEvaluator(
  settings: EvaluationSettings,
  pictures: ReadablePictures,
  config: GanConfig,
  device: ResolvedDevice,
): Promise<Evaluator> {
  const { features = '', featuresMean: mean, featuresStd: std, featuresSize: size, evalSamples } = settings;
  const network = await FeatureNetwork.load(features, { preparation: parsedPreparation({ mean, std, size }), device });
  try {
    return new Evaluator(network, pictures, config, evalSamples, ofSettings);
  } catch (error) {
    await network.dispose();
    throw error;
  }
}

/**
 * The settings with the digest of the feature network.
 * @param file the run's config.json
 * @throws InputError if a resumed run was evaluated by another network, whose distances do not compare
 */
export async function withDigest(settings: EvaluationSettings, file: string): Promise<EvaluationSettings> {
  const { path } = namedFeatures(settings.features ?? '');
  if (isAddress(path)) return settings;
  const files = await modelFiles('features', path);
  const featuresDigest = digestOf(JSON.stringify(files.map(({ role, sha256 }) => [role, sha256])));
  if (settings.featuresDigest === undefined || settings.featuresDigest === featuresDigest)
    return { ...settings, featuresDigest };
  throw new InputError({
    name: `${file}: evaluation: features`,
    expected:
      'the network that the run was evaluated by so far (put it back, or give `eval` false to continue without evaluations)',
    got: `another in ${path}`,
  });
}

/** Settings that change what is assumed of the feature network, by the option of gan-eval. */
const settingOf: Readonly<Record<string, string>> = {
  features: 'features',
  mean: 'featuresMean',
  std: 'featuresStd',
  size: 'featuresSize',
};

/** An assumption about the evaluation with the settings of a run as its options. */
export function ofSettings({ about, options, ...rest }: Assumption): Assumption {
  const known = options.map((option) => settingOf[option]).filter((setting) => setting !== undefined);
  return { about: `${about} of the evaluation`, ...rest, options: known };
}
