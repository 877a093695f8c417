/** @file Maps of what each pixel contributes to the difference between the scores of the picture and of a baseline. */
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { expectDeepLift } from '../../../onnx/gradient/contributions/multipliers.js';
import { remembered } from '../../layers/remembered.js';
import { completeMap, groupsOf } from '../gradients/paths.js';
import { noiseDeviation } from '../gradients/averages.js';
import type { ExplainedNetwork, NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';

/** The mean of (x − x′)·Δscore/Δx over `count` baselines x′, of which one batch is in memory at a time. */
async function contributions(
  network: NetworkRuns,
  baselines: Iterable<Float32Array>,
  count: number,
): Promise<SignedMap> {
  const { input, batch } = network;
  const total = new Float64Array(input.length);
  let scores = 0;
  for (const some of groupsOf(baselines, batch)) {
    const others = concatenated(some);
    const multipliers = await network.multipliers(concatenated(some.map(() => input)), others);
    some.forEach((baseline, row) => {
      for (let i = 0; i < total.length; i++) {
        const change = (input[i] as number) - (baseline[i] as number);
        total[i] = (total[i] as number) + (change * (multipliers[row * total.length + i] as number)) / count;
      }
    });
    scores = (await network.scores(others)).reduce((sum, score) => sum + score, scores);
  }
  return completeMap(network, total, scores / count);
}

/** @throws InputError naming a node without a rule */
function expectSuited({ graph, head }: ExplainedNetwork): void {
  const [picture] = graph.inputs;
  if (picture) remembered(graph, ['deeplift', head.logits], () => expectDeepLift(graph, picture.name, head.logits));
}

/** Methods that compare with baselines in one pass, by the rules of `onnx/gradient/contributions/deeplift.ts`. */
export const deepLiftMethods = {
  /**
   * Shrikumar et al. 2017, eq. 1 and the rescale rule: Σ_c (x − x′)·Δscore/Δx. The sum of the map is the difference of the two
   * scores. Several baselines: the mean of their maps.
   */
  deeplift: {
    kind: 'runs',
    title: 'DeepLIFT',
    at: 'picture',
    pixelwise: true,
    expectSuited,
    map: (network) => contributions(network, network.baselines, network.baselines.length),
  },
  /**
   * Lundberg and Lee 2017, section 4.2 (Deep SHAP), as captum's DeepLiftShap: the mean of DeepLIFT over a distribution of baselines,
   * here `samples` noisy copies of them, each of one that is drawn at random.
   */
  'deeplift-shap': {
    kind: 'runs',
    title: 'DeepLIFT SHAP',
    at: 'picture',
    pixelwise: true,
    expectSuited,
    map(network) {
      const { baselines, random, samples } = network;
      const std = noiseDeviation(network);
      function* drawn() {
        for (let sample = 0; sample < samples; sample++) {
          const baseline = baselines[Math.floor(random.uniform() * baselines.length)] as Float32Array;
          yield baseline.map((value) => value + std * random.normal());
        }
      }
      return contributions(network, drawn(), samples);
    },
  },
} as const satisfies Record<string, RunsMethod>;
