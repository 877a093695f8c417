/** @file tfjs layers models as users hand them over: without tfjs's own types, which a strict user's compiler refuses. */

/** A layers model of any copy of tfjs 4: what `tf.loadLayersModel`, `tf.model` and `tf.sequential` give. */
export interface LayersModel {
  readonly name: string;
  readonly layers: readonly { readonly name: string }[];
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
  getWeights(): object[];
  save(handler: string): Promise<object>;
}
