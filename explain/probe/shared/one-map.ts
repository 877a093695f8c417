/** @file Explanations of which there is one for each picture. */
import { InputError } from '../../../onnx/errors.js';
import type { Picture } from '../../../inference/pictures/pictures.js';
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

/** @throws InputError if the layers or the target mean several maps of a picture */
export async function oneMapEach(
  explainer: Explainer,
  pictures: readonly Picture[],
  { method = 'gradcam', target, ...options }: OneMapOptions,
): Promise<Explanation[]> {
  const made = await explainer.explain(pictures, {
    ...options,
    methods: [method],
    ...(target !== undefined && { targets: target }),
  });
  if (made.length === pictures.length) return made;
  const several = new Set(made.map(({ layer }) => layer.value)).size > 1;
  throw new InputError({
    name: several ? 'layer' : 'target',
    expected: several ? 'one layer' : 'one target',
    got: `${made.length / pictures.length}`,
  });
}

/** The largest value of maps, for one scale. */
export const largestOf = (explanations: readonly Explanation[]): number =>
  explanations.reduce((most, { raw }) => raw.reduce((a, b) => Math.max(a, b), most), 0);
