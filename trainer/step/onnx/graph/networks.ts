/** @file Both networks in one graph, in training form: the passes through them and the gradients of the two losses. */
import type { LayersModel } from '../../../../exporter/tfjs-model.js';
import { loweredOutputs, type WeightRequest } from '../../../../exporter/layers/table.js';
import { gradients, type GraphBuilder } from '../../../../onnx/index.js';
import { isRelativistic, type GanConfig } from '../../../settings/config.js';
import { augmented } from './augment.js';
import { discriminatorLoss, generatorLoss } from './losses.js';
import { interpolated, unitSlopePenalty, zeroCentredPenalty, type Judged } from './penalties.js';
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
  /** One-hot classes, of conditional networks. */
  labels: 'labels',
  /** Held-out pictures and their one-hot classes. */
  heldOut: 'held_out',
  heldOutLabels: 'held_out_labels',
  /** Random numbers of `augmentation.ts`. */
  augmentReal: 'augment_real',
  augmentFake: 'augment_fake',
  augmentAgain: 'augment_again',
  augmentHeldOut: 'augment_held_out',
  /** Shares of real pictures in those that wgan-gp's penalty is taken at, one for each. */
  interpolation: 'interpolation',
} as const;

/** What the discriminator says to pictures. */
interface Judgement extends Judged {
  /** The pictures with the random changes of DiffAugment. */
  seen: string;
  /** The weights that it was said with. */
  weight: (request: WeightRequest) => string;
}

/** A loss in the graph, without penalties, and how to differentiate it with them. */
interface Objective {
  loss: string;
  /** The gradient of each of the network's trainable weights, by name. */
  gradients(): Map<string, string>;
}

/** The same value at each request for a weight, although spectral norm makes a new one each time. */
function onceEach(value: (request: WeightRequest) => string): (request: WeightRequest) => string {
  const known = new Map<string, string>();
  return (request) => {
    const found = known.get(request.name) ?? value(request);
    known.set(request.name, found);
    return found;
  };
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

  /** A new input of labels, of conditional networks: what stands behind their first input. */
  labels(name: string): readonly string[] {
    const { conditional, batchSize, classNames } = this.config;
    return conditional ? [this.b.input(name, 'float32', [batchSize, classNames.length])] : [];
  }

  /** Generated pictures. @param labels as from `labels` */
  generated(path: string, latents: string, labels: readonly string[]): string {
    const { g, models } = this;
    return this.#pass(path, models.generator, [latents, ...labels], g, g.value).outputs[0] as string;
  }

  /**
   * Logits [N, 1] of pictures.
   * @param numbers name for the new input of DiffAugment's random numbers, if enabled
   */
  judged(path: string, pictures: string, labels: readonly string[], numbers: string): Judgement {
    const { b, config } = this;
    const seen = b.within('augment', () => augmented(b, pictures, numbers, config));
    return { ...this.#judgedSeen(path, seen, labels), pictures, seen };
  }

  /** Logits of pictures as the discriminator sees them. */
  #judgedSeen(path: string, pictures: string, labels: readonly string[]): Omit<Judgement, 'seen'> {
    const { b, config, d, models } = this;
    const spectral = config.spectralNorm ? spectralWeights(b, d) : undefined;
    const weight = onceEach(spectral?.value ?? d.value);
    const { values } = this.#pass(path, models.discriminator, [pictures, ...labels], d, weight);
    const constant = spectral?.vectors ?? [];
    this.#vectors.push(...constant);
    return { pictures, logit: values.get(this.#logitLayer) as string, constant, weight };
  }

  /** The layer before the last, an activation. */
  get #logitLayer(): string {
    return this.models.discriminator.layers.at(-2)?.name ?? '';
  }

  /**
   * Logits [N, 1] of held-out pictures, which are new inputs, by the weights that others were judged with. Nothing of the state
   * changes: no running statistics, no vectors of spectral norm.
   */
  heldOutLogit({ weight }: Pick<Judgement, 'weight'>): string {
    const { b, config, models } = this;
    const pictures = this.pictures(stepInputs.heldOut);
    const labels = this.labels(stepInputs.heldOutLabels);
    return b.within('logit_held_out', () => {
      const seen = b.within('augment', () => augmented(b, pictures, stepInputs.augmentHeldOut, config));
      const { values } = loweredOutputs(b, models.discriminator, [seen, ...labels], weight, { training: true });
      return values.get(this.#logitLayer) as string;
    });
  }

  /**
   * The discriminator's loss for a batch of real pictures and one of generated ones.
   * @param penalised whether R1 and R2 are part of it, if configured
   */
  discriminatorObjective(
    { real, fake, labels }: { real: string; fake: string; labels: readonly string[] },
    inputOf: (name: string) => string,
    penalised: boolean,
  ) {
    const { b, config, d } = this;
    const onReal = this.judged('logit_real', real, labels, inputOf(stepInputs.augmentReal));
    const onFake = this.judged('logit_fake', fake, labels, inputOf(stepInputs.augmentFake));
    const loss = discriminatorLoss(b, config, onReal.logit, onFake.logit);
    const penalties = this.#penalties({ onReal, onFake, labels }, inputOf, penalised);
    const whole = penalties.reduce((sum, penalty) => b.add(sum, penalty, 'penalised_loss'), loss);
    return { onReal, onFake, ...this.#objective(loss, whole, d, []) };
  }

  /** Penalties of the discriminator's gradient by its pictures. */
  #penalties(
    { onReal, onFake, labels }: { onReal: Judgement; onFake: Judgement; labels: readonly string[] },
    inputOf: (name: string) => string,
    penalised: boolean,
  ): string[] {
    const { b, config } = this;
    const { r1, r2, r1Every, gp, batchSize } = config;
    const penalties: string[] = [];
    const zeroCentred = (path: string, judged: Judged, gamma: number) => {
      if (penalised && gamma > 0) penalties.push(b.within(path, () => zeroCentredPenalty(b, judged, gamma * r1Every)));
    };
    zeroCentred('r1', onReal, r1);
    zeroCentred('r2', onFake, r2);
    if (gp > 0) {
      const share = b.input(inputOf(stepInputs.interpolation), 'float32', [batchSize, 1, 1, 1]);
      const between = interpolated(b, onReal.seen, onFake.seen, share);
      const judged = this.#judgedSeen('logit_interpolated', between, labels);
      penalties.push(b.within('gradient_penalty', () => unitSlopePenalty(b, judged, gp)));
    }
    return penalties;
  }

  /**
   * The generator's loss for a batch of its pictures.
   * @param real the last batch of real pictures as the discriminator saw them, for relativistic losses
   */
  generatorObjective(fake: string, labels: readonly string[], real?: string) {
    const { b, config, d, g } = this;
    const constant = d.trainable.map(({ name }) => d.current(name));
    const again = () => this.#judgedSeen('logit_real_again', real as string, labels).logit;
    const onReal = isRelativistic(config) ? again() : undefined;
    const onFake = this.judged('logit_again', fake, labels, stepInputs.augmentAgain);
    const loss = generatorLoss(b, config, onFake.logit, onReal);
    return { onFake, ...this.#objective(loss, loss, g, constant) };
  }

  #objective(loss: string, whole: string, weights: Weights, constant: readonly string[]): Objective {
    return {
      loss,
      gradients: () => {
        const values = weights.trainable.map(({ name }) => weights.current(name));
        const found = gradients(this.b, whole, values, { constant: [...constant, ...this.#vectors] });
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

  #pass(
    path: string,
    model: LayersModel,
    inputs: readonly string[],
    weights: Weights,
    value: (request: WeightRequest) => string,
  ) {
    const { b } = this;
    return b.within(path, () => {
      const lowered = loweredOutputs(b, model, inputs, value, { training: true });
      updateRunningStatistics(b, lowered.statistics, weights);
      return lowered;
    });
  }
}
