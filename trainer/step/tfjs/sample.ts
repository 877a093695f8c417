/** @file Pictures of a generator in inference form. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';

/** Pictures [N, C, H, W] of latents [N, Z], with running statistics. */
export async function generatedPictures(generator: LayersModel, latents: Float32Array): Promise<Float32Array> {
  const latentDim = generator.inputs[0]?.shape[1] as number;
  const pictures = tf.tidy(() => {
    const input = tf.tensor2d(latents, [latents.length / latentDim, latentDim]);
    return tf.transpose(generator.predict(input) as Tensor, [0, 3, 1, 2]);
  });
  const data = await pictures.data<'float32'>();
  pictures.dispose();
  return data;
}
