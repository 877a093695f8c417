/** @file Explanations of which there is one for each picture. */
import { InputError } from '../../../onnx/errors.js';
import type { Explainer, ExplainOptions } from '../../maps/explain.js';
import type { Explanation } from '../../maps/explanation.js';
import type { MethodName } from '../../methods/table.js';
import type { TargetChoice } from '../../targets/target-choice.js';

/** What is explained: one map for each picture. */
export interface OneMapOptions extends Pick<ExplainOptions, 'layers' | 'tokens' | 'runs'> {
  /** Default `gradcam`. */
  method?: MethodName;
  target?: TargetChoice;
}

/**
 * @param batch prepared pictures [N, C, H, W]
 * @throws InputError if the layers or the target mean several maps of a picture
 */
export async function oneMapEach(
  explainer: Explainer,
  batch: Float32Array,
  { method = 'gradcam', target, ...options }: OneMapOptions,
): Promise<Explanation[]> {
  const made = await explainer.explainInput(batch, {
    ...options,
    methods: [method],
    ...(target !== undefined && { targets: target }),
  });
  const { channels, height, width } = explainer.input.picture;
  const count = batch.length / (channels * height * width);
  if (made.length === count) return made;
  const several = new Set(made.map(({ layer }) => layer.value)).size > 1;
  throw new InputError({
    name: several ? 'layer' : 'target',
    expected: several ? 'one layer' : 'one target',
    got: `${made.length / count}`,
  });
}

/** The largest value of maps, for one scale. */
export const largestOf = (explanations: readonly Explanation[]): number =>
  explanations.reduce((most, { raw }) => raw.reduce((a, b) => Math.max(a, b), most), 0);
