/** @file Maps of relevance: the score goes back through the network layer by layer, and each unit shares what it got among its inputs. */
import { STABILIZER, type Composite, type LayerRule } from '../../../onnx/gradient/relevance/composite.js';
import { expectRelevances } from '../../../onnx/gradient/relevance/relevances.js';
import { remembered } from '../../layers/remembered.js';
import type { ExplainedNetwork, NetworkRuns, RunsMethod, SignedMap } from '../kinds/method.js';

/** @throws InputError naming a node without a rule */
function expectSuited({ graph, head }: ExplainedNetwork): void {
  const [picture] = graph.inputs;
  if (picture) remembered(graph, ['lrp', head.logits], () => expectRelevances(graph, picture.name, head.logits));
}

/** Σ_c of the picture's relevance, and the score that it should add up to. */
async function relevanceMap({ picture, score, relevance }: NetworkRuns, composite: Composite): Promise<SignedMap> {
  const { height, width } = picture;
  const { data, kept } = await relevance(composite);
  const sums = new Float64Array(height * width);
  data.forEach((part, at) => (sums[at % sums.length] = (sums[at % sums.length] as number) + part));
  const sum = sums.reduce((total, value) => total + value, 0);
  return { data: Float32Array.from(sums), height, width, conservation: { sum, biases: kept, score } };
}

const lrp = (title: string, composite: Composite): RunsMethod & { kind: 'runs' } => ({
  kind: 'runs',
  title,
  at: 'picture',
  pixelwise: true,
  expectSuited,
  map: (network) => relevanceMap(network, composite),
});

/** The values of zennit (Anders et al. 2021). */
const epsilon: LayerRule = { rule: 'epsilon', epsilon: STABILIZER };
const gamma: LayerRule = { rule: 'gamma', gamma: 0.25 };
const alpha1: LayerRule = { rule: 'alpha-beta', alpha: 1, beta: 0 };
const alpha2: LayerRule = { rule: 'alpha-beta', alpha: 2, beta: 1 };

const everywhere = (rule: LayerRule): Composite => ({ convolution: rule, dense: rule });

/** Methods of layer-wise relevance propagation, by the rules of `onnx/gradient/relevance`. */
export const relevanceMethods = {
  /** Bach et al. 2015, eq. 58: shares x·w / (z + ε·sign z), ε = 1e-6. */
  'lrp-epsilon': lrp('LRP-ε', everywhere(epsilon)),
  /** Montavon et al. 2019, section 10.2.1: weights that help the output count 1 + γ times, γ = 0.25; as zennit for any sign. */
  'lrp-gamma': lrp('LRP-γ', everywhere(gamma)),
  /** Bach et al. 2015, eq. 60, with α = 1 and β = 0: only positive parts share. */
  'lrp-alpha1-beta0': lrp('LRP-α1β0', everywhere(alpha1)),
  /** The same with α = 2 and β = 1: negative parts take what positive ones get beyond. */
  'lrp-alpha2-beta1': lrp('LRP-α2β1', everywhere(alpha2)),
  /** Composites as zennit has them: α1β0 in convolutions, ε in dense layers. */
  'lrp-epsilon-plus': lrp('LRP ε-plus', { convolution: alpha1, dense: epsilon }),
  /** The same, flat shares (Lapuschkin et al. 2019) in the first layer: relevance by where it is, whatever the colour. */
  'lrp-epsilon-plus-flat': lrp('LRP ε-plus-flat', { convolution: alpha1, dense: epsilon, first: 'flat' }),
  'lrp-epsilon-alpha2-beta1': lrp('LRP ε-α2β1', { convolution: alpha2, dense: epsilon }),
  'lrp-epsilon-alpha2-beta1-flat': lrp('LRP ε-α2β1-flat', { convolution: alpha2, dense: epsilon, first: 'flat' }),
  /** γ in convolutions, ε in dense layers, z^B (Montavon et al. 2017) in the first one: Montavon et al. 2019, section 10.3. */
  'lrp-epsilon-gamma-box': lrp('LRP ε-γ-box', { convolution: gamma, dense: epsilon, first: 'box' }),
} as const satisfies Record<string, RunsMethod>;
