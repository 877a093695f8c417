/** @file Pictures of a generator in inference form. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';

/** Pictures [N, C, H, W] of latents [N, Z], with running statistics. @param labels one-hot [N, K], of a conditional generator */
export async function generatedPictures(
  generator: LayersModel,
  latents: Float32Array,
  labels?: Float32Array,
): Promise<Float32Array> {
  const pictures = tf.tidy(() => {
    const inputs = generator.inputs.map(({ shape }, index) => {
      const data = index === 0 ? latents : labels;
      if (data === undefined) throw new Error('a conditional generator needs labels');
      return tf.tensor2d(data, [data.length / (shape[1] as number), shape[1] as number]);
    });
    return tf.transpose(generator.predict(inputs) as Tensor, [0, 3, 1, 2]);
  });
  const data = await pictures.data<'float32'>();
  pictures.dispose();
  return data;
}
