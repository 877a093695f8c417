/** @file What in a generator makes the score of the network that judges it: numbers of the latent, and early features. */
import { openSession } from '#runtime';
import { generatorFeed } from '../../../inference/generators/generator-inputs.js';
import { Generator, type GeneratorOptions } from '../../../inference/networks/generator.js';
import type { ModelSource } from '../../../inference/networks/model-source.js';
import { scoreCount } from '../../../inference/networks/score-head.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
import { pictureFromOutput } from '../../../inference/pictures/pixels.js';
import { sessionTensor, type SessionTensor } from '../../../inference/runtime/session.js';
import type { Assumption } from '../../../inference/graphs/assumption.js';
import { InputError } from '../../../onnx/errors.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import type { ExplainerOptions } from '../../maps/explain-options.js';
import { repeated, rowOf } from '../../network/tensors.js';
import type { TargetChoice } from '../../targets/target-choice.js';
import { targetLabel, targetScore, targetWeights } from '../../targets/targets.js';
import { judgedGenerator } from '../shared/judged-generator.js';
import { loadJudgingNetwork, WEIGHTS } from '../shared/judging-network.js';
import { onlyTarget } from '../shared/only-target.js';
import { MOVES } from './attribution.js';
import { featureParts, type FeatureParts } from './feature-parts.js';
import { chosenGeneratorLayer, generatorLayers } from './region-graph.js';
import { scoreGraph, scoreValues } from './score-graph.js';

/** What to attribute. */
export interface ScoreAttributionOptions extends GeneratorOptions {
  /** A seed, or the latent [Z] itself. */
  latent: number | Float32Array;
  /** The score; default `real` for discriminators, else as `Explainer.explain`. */
  target?: TargetChoice;
  /** Name or number of the generator's layer whose features are attributed; default the last one of the smallest grid. */
  layer?: string;
  /** How far pictures are moved along the gradient, in units of the latent; default 3. */
  distance?: number;
  /** How the network that judges is loaded. */
  judging?: Omit<ExplainerOptions, 'similarTo' | 'randomWeights'>;
  /** Told what is assumed of it. */
  onAssumed?: (assumptions: readonly Assumption[]) => void;
}

/** What makes a score. */
export interface ScoreAttribution {
  picture: Picture;
  latent: Float32Array;
  /** The target in words. */
  label: string;
  /** The score of G(z), before any activation. */
  score: number;
  /** ∂score/∂z [Z]. */
  latentEffects: Float32Array;
  /** Missing where the generator has no layer with positions. */
  features?: FeatureParts;
  /** ‖∂score/∂z‖: how fast the score rises along the gradient. */
  slope: number;
  /** G at z moved along the unit vector of the gradient, the picture itself in the middle; none where the gradient is 0. */
  moved: { move: number; picture: Picture; score: number }[];
}

/**
 * Attributes the score that a discriminator or classifier gives to G(z): both graphs are joined, with the preprocessing
 * between them, and differentiated as one. Pictures are not rounded to 8 bits between them.
 * @throws InputError if one of them cannot be differentiated, or an option does not fit
 */
export async function scoreAttribution(
  source: ModelSource,
  judge: ModelSource,
  { latent: given, target, layer, distance = 3, judging = {}, onAssumed, ...options }: ScoreAttributionOptions,
  opened?: Generator,
): Promise<ScoreAttribution> {
  if (!(distance > 0 && Number.isFinite(distance)))
    throw new InputError({ name: 'distance', expected: 'a number above 0', got: distance });
  const network = await loadJudgingNetwork(judge, judging);
  onAssumed?.(network.assumptions);
  const generator = opened ?? (await Generator.load(source, options));
  try {
    const latent = typeof given === 'number' ? generator.latents([given]) : given;
    if (latent.length !== generator.latentDim)
      throw new InputError({ name: 'latent', expected: `${generator.latentDim} numbers`, got: latent.length });
    const ready = await judgedGenerator(source, generator, options, network);
    const chosen = chosenGeneratorLayer(generatorLayers(ready.graph, ready.input.name), layer);
    const graph = namingFile(network.name, () => scoreGraph(ready, generator, network, chosen?.value));
    const session = await openSession(graph, { device: generator.choice.device });
    try {
      /** The first row of each result, for one latent. */
      const run = async (own: Float32Array, weights?: Float32Array, outputs?: string[]) => {
        options.signal?.throwIfAborted();
        const shares = new Float32Array(ready.rows * scoreCount(network.head));
        if (weights) shares.set(weights);
        const fed = {
          ...generatorFeed(ready.input, repeated(own, ready.rows)),
          [WEIGHTS]: sessionTensor(shares, [ready.rows, scoreCount(network.head)]),
        };
        const results = await session.run(fed, outputs);
        return (name: string) => rowOf(results[name] as SessionTensor, 0);
      };
      const first = await run(latent, undefined, [scoreValues.logits]);
      const logits = first(scoreValues.logits);
      const { height, width } = network.input.picture;
      const isDiscriminator = network.head.verdict || network.head.kind === 'discriminator';
      const wanted = onlyTarget(network, target ?? (isDiscriminator ? 'real' : undefined), logits);
      const weights = targetWeights(network.head, wanted, { logits, height, width });
      const back = await run(latent, weights);
      const latentEffects = back(scoreValues.latents);
      const slope = Math.hypot(...latentEffects);
      const moved: ScoreAttribution['moved'] = [];
      for (const share of slope > 0 ? MOVES : []) {
        const move = share * distance;
        const own = latent.map((value, at) => value + (move * (latentEffects[at] as number)) / slope);
        const there = await run(own, undefined, [scoreValues.pictures, scoreValues.logits]);
        const picture = pictureFromOutput(there(scoreValues.pictures), generator, generator.range);
        moved.push({ move, picture, score: targetScore(weights, there(scoreValues.logits)) });
      }
      return {
        picture: pictureFromOutput(back(scoreValues.pictures), generator, generator.range),
        latent,
        label: targetLabel(wanted, network.labels, network.head),
        score: targetScore(weights, logits),
        latentEffects,
        ...(chosen && { features: featureParts(back(scoreValues.features), back(scoreValues.slopes), chosen) }),
        slope,
        moved,
      };
    } finally {
      await session.release();
    }
  } finally {
    if (!opened) await generator.dispose();
  }
}
