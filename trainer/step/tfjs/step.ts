/** @file The training step through tfjs autodiff, on whatever tfjs backend there is: the oracle of the ONNX step. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../../exporter/tf.js';
import { isRelativistic, type GanConfig } from '../../settings/config.js';
import { generatorModel } from './models.js';
import { withState } from './state.js';
import { discriminatorUpdates, emaDecay, isPenalised } from '../state/schedule.js';
import type { HeldOutBatch, StepBatch, StepResult, TrainState, TrainStep } from '../state/step.js';
import { augmented } from './augment.js';
import { discriminatorLoss, discriminatorScores, generatorLoss, meanProbability, type Scalars } from './losses.js';
import { Network, updateAverage, weightsOf } from './network.js';
import { disposeOf, kept, trainingPass, updateRunningStatistics, type Pass } from './pass.js';
import { interpolated, unitSlopePenalty, zeroCentredPenalty } from './penalties.js';
import { generatedPictures } from './sample.js';
import { nextVectors, type Vectors } from './spectral-norm.js';

/** What one of the discriminator's updates is fed. */
interface DiscriminatorBatch {
  real: Float32Array;
  latents: Float32Array;
  labels: Float32Array | undefined;
  augmentReal: Float32Array | undefined;
  augmentFake: Float32Array | undefined;
  interpolation: Float32Array | undefined;
  /** Of the last update. */
  heldOut: HeldOutBatch | undefined;
}

/** What such an update gives. */
interface DiscriminatorResult {
  scalars: Scalars;
  /** The real pictures as the discriminator saw them. */
  real: Tensor;
  /** The labels of both kinds of pictures, of conditional networks. */
  labels: Tensor[];
}

/** What the generator's update is fed. */
interface GeneratorBatch extends Pick<DiscriminatorResult, 'real' | 'labels'> {
  latents: Tensor;
  augmentAgain: Float32Array | undefined;
}

/** The seeds' training step with its state in tfjs variables. */
export class TfjsStep implements TrainStep {
  readonly description: string;
  readonly #config: GanConfig;
  readonly #generator: Network;
  readonly #discriminator: Network;
  /** The averaged generator, where the configuration has one. */
  readonly #average: LayersModel | undefined;
  #step: number;

  /** @param models both networks; their weights are set from `state` and belong to the step from now on */
  constructor(config: GanConfig, models: { generator: LayersModel; discriminator: LayersModel }, state: TrainState) {
    // The plain backend would keep the state's own arrays.
    const { step, generator, discriminator } = structuredClone(state);
    this.#config = config;
    this.#generator = new Network(models.generator, generator);
    this.#discriminator = new Network(models.discriminator, discriminator);
    if (generator.ema) {
      this.#average = withState(generatorModel(config, { initialWeights: false }), { weights: generator.ema });
    }
    this.#step = step;
    this.description = `tfjs (${tf.getBackend()})`;
  }

  async run(batch: StepBatch): Promise<StepResult> {
    const step = this.#step + 1;
    const results = tf.tidy(() => this.#update(batch, step));
    this.#step = step;
    const values = await Promise.all(
      Object.entries(results).map(async ([name, result]) => [name, (await result.data())[0]]),
    );
    tf.dispose(results);
    return Object.fromEntries(values) as StepResult;
  }

  /** All updates. @param step counts from 1 @returns the scalars of `StepResult` */
  #update(batch: StepBatch, step: number): Scalars {
    const { augmentation, rateFactor = 1 } = batch;
    const updates = discriminatorUpdates(this.#config, step);
    // Made first, so that a batch of the wrong size is refused before anything changes.
    const { freshLatents, batchSize, latentDim } = this.#config;
    const again = this.#latents(freshLatents ? batch.generatorLatents : batch.latents.slice(-batchSize * latentDim));
    const results = updates.map((t, index) => {
      const part = (data: Float32Array) => {
        const size = data.length / updates.length;
        return data.subarray(index * size, (index + 1) * size);
      };
      const inputs: DiscriminatorBatch = {
        real: part(batch.real),
        latents: part(batch.latents),
        labels: batch.labels && part(batch.labels),
        augmentReal: augmentation && part(augmentation.real),
        augmentFake: augmentation && part(augmentation.fake),
        interpolation: batch.interpolation && part(batch.interpolation),
        heldOut: index === updates.length - 1 ? batch.heldOut : undefined,
      };
      return this.#updateDiscriminator(inputs, { t, step, rateFactor });
    });
    const { scalars, real, labels } = results.at(-1) as DiscriminatorResult;
    const { lossD, dReal, dFakeBefore, ...more } = scalars;
    const pictures = { latents: again, real, labels, augmentAgain: augmentation?.again };
    const { lossG, dFakeAfter } = this.#updateGenerator(pictures, step, rateFactor);
    if (this.#average) updateAverage(this.#average, this.#generator.model, emaDecay(this.#config, step));
    return { lossD, lossG, dReal, dFakeBefore, dFakeAfter, ...more } as Scalars;
  }

  /** @param when `t` is the number of the update, `step` that of the step, both counted from 1 */
  #updateDiscriminator(
    batch: DiscriminatorBatch,
    { t, step, rateFactor }: { t: number; step: number; rateFactor: number },
  ): DiscriminatorResult {
    const config = this.#config;
    const { lrD } = config;
    const { model, variables, trainable } = this.#discriminator;
    const real = this.#pictures(batch.real);
    const labels = this.#labels(batch.labels);
    const fake = trainingPass(this.#generator.model, [this.#latents(batch.latents), ...labels]);
    updateRunningStatistics(fake.statistics);
    // The kernels do not change between the passes: all steps of the power iteration can be made ahead.
    const forReal = nextVectors(this.#discriminator.vectors, variables);
    const forFake = nextVectors(forReal, variables);
    const forBetween = config.gp > 0 ? nextVectors(forFake, variables) : forFake;
    const ofReal = (pictures: Tensor) => augmented(pictures, batch.augmentReal, config);
    const ofFake = (pictures: Tensor) => augmented(pictures, batch.augmentFake, config);
    const [seenReal, seenFake] = [ofReal(real), ofFake(fake.output)];
    const [onReal, onFake] = [{} as Pass, {} as Pass];
    let loss: Scalar | undefined;
    const { grads, value } = tf.variableGrads(() => {
      Object.assign(onReal, kept(trainingPass(model, [seenReal, ...labels], forReal)));
      Object.assign(onFake, kept(trainingPass(model, [seenFake, ...labels], forFake)));
      let whole = (loss = tf.keep(discriminatorLoss(config, onReal.logit, onFake.logit)));
      const penalise = (penalty: Scalar) => (whole = tf.add(whole, penalty));
      if (isPenalised(config, step)) {
        const { r1, r2, r1Every } = config;
        const judge = (seen: (pictures: Tensor) => Tensor, vectors: typeof forReal) => (pictures: Tensor) =>
          trainingPass(model, [seen(pictures), ...labels], vectors).logit;
        if (r1 > 0) penalise(zeroCentredPenalty(judge(ofReal, forReal), real, r1 * r1Every));
        if (r2 > 0) penalise(zeroCentredPenalty(judge(ofFake, forFake), fake.output, r2 * r1Every));
      }
      if (config.gp > 0) {
        if (!batch.interpolation) throw new Error('the batch lacks the random numbers of the gradient penalty');
        const between = interpolated(seenReal, seenFake, batch.interpolation);
        penalise(unitSlopePenalty((x) => trainingPass(model, [x, ...labels], forBetween).logit, between, config.gp));
      }
      return whole;
    }, trainable);
    // Kept for longer than the gradient's own scope, and no longer than this step.
    const reported = tf.clone(loss as Scalar);
    tf.dispose([value, loss as Scalar]);
    const heldOut = config.heldOut > 0 && batch.heldOut ? this.#heldOutLogit(batch.heldOut, forReal) : undefined;
    this.#discriminator.updateWithAdam(grads, lrD * rateFactor, t, config);
    if (config.clip > 0) this.#discriminator.clip(config.clip);
    this.#discriminator.setVectors(forBetween);
    for (const pass of [onReal, onFake]) updateRunningStatistics(pass.statistics);
    const isLast = t % config.dSteps === 0;
    const logits = { real: onReal.logit, fake: onFake.logit, heldOut };
    const scalars = { lossD: reported, ...(isLast && discriminatorScores(config, logits)) };
    disposeOf([onReal, onFake]);
    return { scalars, real: seenReal, labels };
  }

  /** Logits of held-out pictures; nothing of the state changes. */
  #heldOutLogit({ pictures, labels, augmentation }: HeldOutBatch, vectors: ReadonlyMap<string, Vectors>): Tensor {
    const seen = augmented(this.#pictures(pictures), augmentation, this.#config);
    return trainingPass(this.#discriminator.model, [seen, ...this.#labels(labels)], vectors).logit;
  }

  #updateGenerator({ latents, real, labels, augmentAgain }: GeneratorBatch, step: number, rateFactor: number): Scalars {
    const config = this.#config;
    const { model, variables, vectors } = this.#discriminator;
    const onReal = isRelativistic(config) ? this.#realAgain(real, labels) : undefined;
    const next = nextVectors(vectors, variables);
    const [generated, onFake] = [{} as Pass, {} as Pass];
    const { grads, value } = tf.variableGrads(() => {
      Object.assign(generated, kept(trainingPass(this.#generator.model, [latents, ...labels])));
      const pictures = augmented(generated.output, augmentAgain, config);
      Object.assign(onFake, kept(trainingPass(model, [pictures, ...labels], next)));
      return generatorLoss(config, onFake.logit, onReal);
    }, this.#generator.trainable);
    this.#generator.updateWithAdam(grads, config.lr * rateFactor, step, config);
    this.#discriminator.setVectors(next);
    // With shared latents this pass repeats the discriminator's, which PyTorch's loop runs only once.
    if (config.freshLatents) updateRunningStatistics(generated.statistics);
    updateRunningStatistics(onFake.statistics);
    const score = meanProbability(onFake.logit);
    disposeOf([generated, onFake]);
    return { lossG: value, dFakeAfter: score };
  }

  /** Logits of real pictures after the discriminator's update. */
  #realAgain(real: Tensor, labels: readonly Tensor[]): Tensor {
    const { model, variables, vectors } = this.#discriminator;
    const next = nextVectors(vectors, variables);
    const { logit, statistics } = trainingPass(model, [real, ...labels], next);
    this.#discriminator.setVectors(next);
    updateRunningStatistics(statistics);
    return logit;
  }

  /** Pictures [N, C, H, W] as a tensor [N, H, W, C]. */
  #pictures(data: Float32Array): Tensor {
    const { batchSize, channels, imageSize } = this.#config;
    return tf.transpose(tf.tensor4d(data, [batchSize, channels, imageSize, imageSize]), [0, 2, 3, 1]);
  }

  #latents(data: Float32Array): Tensor {
    return tf.tensor2d(data, [this.#config.batchSize, this.#config.latentDim]);
  }

  /** One-hot labels as an input of both networks; none of networks that have no such input. */
  #labels(data: Float32Array | undefined): Tensor[] {
    const { conditional, batchSize, classNames } = this.#config;
    if (!conditional) return [];
    if (data === undefined) throw new Error('the batch lacks labels');
    return [tf.tensor2d(data, [batchSize, classNames.length])];
  }

  async sample(latents: Float32Array, labels?: Float32Array): Promise<Float32Array> {
    return generatedPictures(this.#average ?? this.#generator.model, latents, labels);
  }

  async state(): Promise<TrainState> {
    const [generator, discriminator] = [await this.#generator.state(), await this.#discriminator.state()];
    if (this.#average) generator.ema = await weightsOf(this.#average);
    return { step: this.#step, generator, discriminator };
  }

  async dispose(): Promise<void> {
    this.#average?.dispose();
    this.#generator.dispose();
    this.#discriminator.dispose();
  }
}
