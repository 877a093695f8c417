/** @file The training step on ONNX Runtime: one session runs the whole step, state stays in two swapped sets of buffers. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { createdSession, type SessionOptions } from '../../inference/session.node.js';
import { modelOfGraph, withMatrixProducts } from '../../onnx/index.js';
import type { GanConfig } from '../config.js';
import { samplingGraph, stepGraph, stepInputs, stepOutputs } from './graph.js';
import type { StepBatch, StepResult, TrainState, TrainStep } from './step.js';
import { networkState, scalar, valuesOf, type Values } from './values.node.js';
import { nextOf, type StepWeight } from './weights.js';

/** The training step of `stepGraph` with its state. */
export class OnnxStep implements TrainStep {
  readonly description: string;
  readonly #config: GanConfig;
  readonly #session: InferenceSession;
  readonly #sampler: InferenceSession;
  readonly #weights: { generator: StepWeight[]; discriminator: StepWeight[] };
  #current: Values;
  #next: Values;
  #step: number;

  private constructor(
    config: GanConfig,
    sessions: { step: InferenceSession; sampler: InferenceSession },
    weights: { generator: StepWeight[]; discriminator: StepWeight[] },
    state: TrainState,
    device: string,
  ) {
    this.#config = config;
    this.#session = sessions.step;
    this.#sampler = sessions.sampler;
    this.#weights = weights;
    this.#step = state.step;
    this.#current = {
      ...valuesOf(weights.generator, state.generator),
      ...valuesOf(weights.discriminator, state.discriminator),
    };
    this.#next = Object.fromEntries(
      Object.entries(this.#current).map(([name, { dims, size }]) => [
        name,
        new Tensor('float32', new Float32Array(size), dims),
      ]),
    );
    this.description = `ONNX Runtime (${device})`;
  }

  /**
   * A step that goes on from `state`.
   * @param models both networks as layers models; only their structure is used
   */
  static async create(
    config: GanConfig,
    models: { generator: LayersModel; discriminator: LayersModel },
    state: TrainState,
    options: SessionOptions = {},
  ): Promise<OnnxStep> {
    const { graph, generator, discriminator } = stepGraph(config, models.generator, models.discriminator);
    const step = await createdSession(modelOfGraph(withMatrixProducts(graph)), options);
    const sampler = await createdSession(modelOfGraph(samplingGraph(config, models.generator)), options);
    return new OnnxStep(config, { step, sampler }, { generator, discriminator }, state, options.device ?? 'cpu');
  }

  async run(batch: StepBatch): Promise<StepResult> {
    const { lr, lrD, beta1, beta2, batchSize, channels, imageSize, latentDim } = this.#config;
    const step = this.#step + 1;
    const feeds: Values = {
      ...this.#current,
      [stepInputs.real]: new Tensor('float32', batch.real, [batchSize, channels, imageSize, imageSize]),
      [stepInputs.latents]: new Tensor('float32', batch.latents, [batchSize, latentDim]),
      [stepInputs.stepSizeD]: scalar(lrD / (1 - beta1 ** step)),
      [stepInputs.stepSizeG]: scalar(lr / (1 - beta1 ** step)),
      [stepInputs.correction]: scalar(Math.sqrt(1 - beta2 ** step)),
    };
    if (this.#config.freshLatents) {
      feeds[stepInputs.generatorLatents] = new Tensor('float32', batch.generatorLatents, [batchSize, latentDim]);
    }
    const fetches: Record<string, Tensor | null> = Object.fromEntries(stepOutputs.map((name) => [name, null]));
    for (const [name, tensor] of Object.entries(this.#next)) fetches[nextOf(name)] = tensor;
    const outputs = await this.#session.run(feeds, fetches);
    [this.#current, this.#next] = [this.#next, this.#current];
    this.#step = step;
    const [lossD, lossG, dReal, dFakeBefore, dFakeAfter] = stepOutputs.map(
      (name) => ((outputs[name] as Tensor).data as Float32Array)[0],
    );
    return { lossD, lossG, dReal, dFakeBefore, dFakeAfter } as StepResult;
  }

  async sample(latents: Float32Array): Promise<Float32Array> {
    const { latentDim } = this.#config;
    const feeds: Values = {
      [stepInputs.latents]: new Tensor('float32', latents, [latents.length / latentDim, latentDim]),
    };
    for (const name of this.#sampler.inputNames) feeds[name] ??= this.#current[name] as Tensor;
    return (await this.#sampler.run(feeds))['pictures']?.data as Float32Array;
  }

  async state(): Promise<TrainState> {
    const { generator, discriminator } = this.#weights;
    return {
      step: this.#step,
      generator: networkState(generator, this.#current),
      discriminator: networkState(discriminator, this.#current),
    };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
    await this.#sampler.release();
  }
}
