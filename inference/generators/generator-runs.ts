/** @file Runs of an opened generator: any number of latents, in batches of the size that its file fixes. */
import { InputError } from '../../onnx/errors.js';
import { namingFile } from '../../onnx/graph/naming.js';
import { firstChannels, type FeatureLayer, type FeatureMaps } from '../graphs/feature-maps.js';
import type { PictureSize } from '../pictures/pixels.js';
import type { Levels } from '../runtime/levels.js';
import type { Session, SessionTensor } from '../runtime/session.js';
import { generatorFeed, type LatentInput } from './generator-inputs.js';
import { runGenerator } from './open-generator.js';

/** A generator's session, and what its runs need to know. */
export class GeneratorRuns {
  readonly #session: Session;
  readonly #input: LatentInput;
  readonly #size: PictureSize;
  readonly #name: string;

  /** @param name what to call the file in errors */
  constructor(session: Session, input: LatentInput, size: PictureSize, name: string) {
    this.#session = session;
    this.#input = input;
    this.#size = size;
    this.#name = name;
  }

  /** Pictures [N, C, H, W] of latents [N, Z]. @throws InputError if `latents` is no whole number of latents */
  async numbers(latents: Float32Array, label?: number): Promise<Float32Array> {
    const pictures = new Float32Array(this.#outputLength(latents));
    await this.#runBatches(
      latents,
      pictures,
      async (batch) => (await runGenerator(this.#session, this.#input, batch, label)).data,
    );
    return pictures;
  }

  /** As `numbers`, but 8-bit levels [N, H, W, C], computed in the network's thread. @throws as `numbers` */
  async levels(latents: Float32Array, levels: Levels, label?: number): Promise<Uint8Array> {
    const pictures = new Uint8Array(this.#outputLength(latents));
    const [output = ''] = this.#session.outputNames;
    await this.#runBatches(latents, pictures, async (batch) => {
      return (await this.#session.run(generatorFeed(this.#input, batch, label), [output], levels))[output]
        ?.data as Uint8Array;
    });
    return pictures;
  }

  /**
   * The picture [C, H, W] of one latent, and the maps of layers, in one run.
   * @param latent [Z]
   * @param layers whose maps are outputs of the session's model (`withFeatureMaps`)
   * @param whole the value of a layer of which all channels are wanted, instead of the first ones
   * @throws InputError if `latent` has another size
   */
  async look(
    latent: Float32Array,
    layers: readonly FeatureLayer[],
    whole?: string,
    label?: number,
  ): Promise<{ numbers: Float32Array; maps: FeatureMaps[] }> {
    const latentDim = this.#latentDim;
    if (latent.length !== latentDim)
      throw new InputError({ name: 'latent', expected: `${latentDim} numbers`, got: latent.length });
    const padded = new Float32Array((this.#input.batch ?? 1) * latentDim);
    padded.set(latent);
    const [output = ''] = this.#session.outputNames;
    const shown = layers.map(({ value }) => (value === whole ? value : firstChannels(value)));
    const feed = generatorFeed(this.#input, padded, label);
    const results = await namingFile(this.#name, () => this.#session.run(feed, [output, ...shown]));
    const maps = layers.map((layer, at) => {
      const { data, dims } = results[shown[at] as string] as SessionTensor;
      const count = dims[1] as number;
      return { layer, count, data: (data as Float32Array).slice(0, count * layer.height * layer.width) };
    });
    const numbers = Float32Array.from(results[output]?.data as Float32Array);
    return { numbers: numbers.subarray(0, this.#pictureLength), maps };
  }

  /** Waits for running calls, then frees the network and its threads. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  get #latentDim(): number {
    return this.#input.dims[0] as number;
  }

  get #pictureLength(): number {
    const { channels, height, width } = this.#size;
    return channels * height * width;
  }

  /** @throws InputError if `latents` is no whole number of latents */
  #outputLength(latents: Float32Array): number {
    const latentDim = this.#latentDim;
    if (latents.length % latentDim !== 0) {
      throw new InputError({ name: 'latents', expected: `a multiple of ${latentDim} numbers`, got: latents.length });
    }
    return (latents.length / latentDim) * this.#pictureLength;
  }

  /** Runs all latents in batches of the size that the file fixes. The last batch is padded with zeros. */
  async #runBatches<T extends Float32Array | Uint8Array>(
    latents: Float32Array,
    pictures: T,
    run: (batch: Float32Array) => Promise<T>,
  ): Promise<void> {
    const latentDim = this.#latentDim;
    const count = latents.length / latentDim;
    const batch = this.#input.batch ?? Math.max(count, 1);
    const stride = this.#pictureLength;
    for (let start = 0; start < count; start += batch) {
      const padded = new Float32Array(batch * latentDim);
      padded.set(latents.subarray(start * latentDim, (start + batch) * latentDim));
      const made = await namingFile(this.#name, () => run(padded));
      pictures.set(made.subarray(0, Math.min(batch, count - start) * stride), start * stride);
    }
  }
}
