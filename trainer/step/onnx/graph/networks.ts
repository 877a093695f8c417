/** @file Both networks in one graph, in training form: the passes through them and the gradients of the two losses. */
import type { LayersModel } from '../../../../exporter/tfjs-model.js';
import { loweredModel, type WeightRequest } from '../../../../exporter/layers/table.js';
import { gradients, type GraphBuilder } from '../../../../onnx/index.js';
import type { GanConfig } from '../../../settings/config.js';
import { augmented } from './augment.js';
import { discriminatorLoss, generatorLoss } from './losses.js';
import { spectralWeights } from './spectral-norm.js';
import { updateRunningStatistics, Weights } from './weights.js';

/** Both networks as layers models; only their structure is used. */
export interface Models {
  generator: LayersModel;
  discriminator: LayersModel;
}

/** Names of the graph's inputs other than the state. Inputs of the discriminator's second update end in `_2`, and so on. */
export const stepInputs = {
  real: 'real',
  latents: 'latents',
  generatorLatents: 'generator_latents',
  /** Random numbers of `augmentation.ts`. */
  augmentReal: 'augment_real',
  augmentFake: 'augment_fake',
  augmentAgain: 'augment_again',
} as const;

/** A loss in the graph, and how to differentiate it. */
interface Objective {
  loss: string;
  /** The gradient of each of the network's trainable weights, by name. */
  gradients(): Map<string, string>;
}

/** The networks of a training graph. */
export class Networks {
  readonly g: Weights;
  readonly d: Weights;
  /** Values that are treated as constants although they depend on weights: the power iteration vectors of spectral norm. */
  readonly #vectors: string[] = [];

  constructor(
    readonly b: GraphBuilder,
    readonly config: GanConfig,
    readonly models: Models,
  ) {
    this.g = new Weights(b, 'generator');
    this.d = new Weights(b, 'discriminator');
  }

  /** A new input of pictures. */
  pictures(name: string): string {
    const { batchSize, channels, imageSize } = this.config;
    return this.b.input(name, 'float32', [batchSize, channels, imageSize, imageSize]);
  }

  /** A new input of latents. */
  latents(name: string): string {
    return this.b.input(name, 'float32', [this.config.batchSize, this.config.latentDim]);
  }

  /** Generated pictures. */
  generated(path: string, latents: string): string {
    const { g, models } = this;
    return this.#pass(path, models.generator, latents, g, g.value).output;
  }

  /**
   * Logits [N, 1] of pictures.
   * @param numbers name for the new input of DiffAugment's random numbers, if enabled
   */
  logit(path: string, pictures: string, numbers: string): string {
    const { b, config, d, models } = this;
    const changed = b.within('augment', () => augmented(b, pictures, numbers, config));
    const spectral = config.spectralNorm ? spectralWeights(b, d) : undefined;
    const { values } = this.#pass(path, models.discriminator, changed, d, spectral?.value ?? d.value);
    this.#vectors.push(...(spectral?.vectors ?? []));
    return values.get(models.discriminator.layers.at(-2)?.name ?? '') as string;
  }

  /** The discriminator's loss for a batch of real pictures and one of generated ones. */
  discriminatorObjective(real: string, fake: string, inputOf: (name: string) => string) {
    const { b, config, d } = this;
    const onReal = this.logit('logit_real', real, inputOf(stepInputs.augmentReal));
    const onFake = this.logit('logit_fake', fake, inputOf(stepInputs.augmentFake));
    const loss = discriminatorLoss(b, config, onReal, onFake);
    return { onReal, onFake, ...this.#objective(loss, d, []) };
  }

  /** The generator's loss for a batch of its pictures. */
  generatorObjective(fake: string) {
    const { b, config, d, g } = this;
    const constant = d.trainable.map(({ name }) => d.current(name));
    const onFake = this.logit('logit_again', fake, stepInputs.augmentAgain);
    return { onFake, ...this.#objective(generatorLoss(b, config, onFake), g, constant) };
  }

  #objective(loss: string, weights: Weights, constant: readonly string[]): Objective {
    return {
      loss,
      gradients: () => {
        const values = weights.trainable.map(({ name }) => weights.current(name));
        const found = gradients(this.b, loss, values, { constant: [...constant, ...this.#vectors] });
        return new Map(
          weights.trainable.map(({ name }, index) => {
            const gradient = found.get(values[index] as string);
            if (!gradient) throw new Error(`the loss does not depend on ${name}`);
            return [name, gradient];
          }),
        );
      },
    };
  }

  #pass(path: string, model: LayersModel, input: string, weights: Weights, value: (request: WeightRequest) => string) {
    const { b } = this;
    return b.within(path, () => {
      const lowered = loweredModel(b, model, input, value, { training: true });
      updateRunningStatistics(b, lowered.statistics, weights);
      return lowered;
    });
  }
}
