/** @file The training step on ONNX Runtime: one session runs the whole step, and the state stays where the step runs. */
import { Tensor, type InferenceSession } from '../../../inference/runtime/onnxruntime/library.node.js';
import { createSession } from '../../../inference/runtime/session.node.js';
import type { ResolvedDevice, SessionOptions } from '../../../inference/runtime/session.js';
import { modelOfGraph } from '../../../onnx/index.js';
import { elementCount } from '../../../onnx/graph/graph.js';
import { augmentationWidth } from '../state/augmentation.js';
import type { GanConfig } from '../../settings/config.js';
import { preparedGraph } from './graph/prepared.js';
import { allOf, firstOf, lastOf, repeatedSteps, STEP_COUNT } from './graph/repeated.js';
import { inputOfUpdate, resultOutputs, samplingGraph, scalarInputs, stepGraph } from './graph/step.js';
import { stepInputs, type Models } from './graph/networks.js';
import { nextOf, type StateEntry } from './graph/weights.js';
import { StateInMemory, StateOnGpu, type KeptState } from './kept-state.node.js';
import { adamNumbers, discriminatorUpdates, emaDecay, isPenalised, kindsOfSteps } from '../state/schedule.js';
import type { StepBatch, StepResult, TrainState, TrainStep } from '../state/step.js';
import { sampled, scalar, stateValues, trainState, type Values } from './values.node.js';

/** The training step of `stepGraph` with its state; several of them are one run of `repeatedSteps`. */
export class OnnxStep implements TrainStep {
  readonly description: string;
  readonly #config: GanConfig;
  /** By `isPenalised`: the sessions of steps with R1 and R2, and without. */
  readonly #sessions: ReadonlyMap<boolean, InferenceSession>;
  readonly #sampler: InferenceSession;
  /** Whether the session runs `repeatedSteps`. */
  readonly #repeats: boolean;
  readonly #entries: readonly StateEntry[];
  readonly #state: KeptState;
  #step: number;

  private constructor(
    config: GanConfig,
    sessions: { steps: ReadonlyMap<boolean, InferenceSession>; sampler: InferenceSession },
    entries: readonly StateEntry[],
    state: TrainState,
    device: ResolvedDevice,
    repeats: boolean,
  ) {
    this.#repeats = repeats;
    this.#config = config;
    this.#sessions = sessions.steps;
    this.#sampler = sessions.sampler;
    this.#entries = entries;
    this.#step = state.step;
    const first = stateValues(entries, state);
    this.#state = keepsOnGpu(device) ? new StateOnGpu(first) : new StateInMemory(first);
    this.description = `ONNX Runtime (${device})`;
  }

  /**
   * A step that starts from `state`.
   * @param models both networks as layers models; only their structure is used
   * @param repeats whether `runAll` is used, with one run of the session for all steps
   */
  static async create(
    config: GanConfig,
    models: Models,
    state: TrainState,
    options: SessionOptions = {},
    repeats = false,
  ): Promise<OnnxStep> {
    const steps = new Map<boolean, InferenceSession>();
    let entries: readonly StateEntry[] = [];
    for (const penalised of kindsOfSteps(config)) {
      const { graph, state: known, results } = stepGraph(config, models.generator, models.discriminator, penalised);
      entries = known;
      const one = preparedGraph(graph, entries);
      const whole = repeats ? repeatedSteps({ graph: one, state: entries, results }) : one;
      const kept = entries.map(({ input }) => (repeats ? lastOf(input) : nextOf(input)));
      const gpuOutputs = keepsOnGpu(options.device) && { gpuOutputs: kept };
      steps.set(penalised, await createSession(modelOfGraph(whole), { ...options, ...gpuOutputs }));
    }
    const sampler = await createSession(modelOfGraph(samplingGraph(config, models.generator)), options);
    return new OnnxStep(config, { steps, sampler }, entries, state, options.device ?? 'cpu', repeats);
  }

  async run(batch: StepBatch): Promise<StepResult> {
    if (this.#repeats) return (await this.#runTogether([batch]))[0] as StepResult;
    const step = this.#step + 1;
    const feeds = { ...this.#state.current, ...batchValues(this.#config, batch, step) };
    const results = resultOutputs(this.#config);
    const fetches: Record<string, Tensor | null> = Object.fromEntries(results.map(([, name]) => [name, null]));
    for (const { input } of this.#entries) fetches[nextOf(input)] = this.#state.target(input);
    const outputs = await this.#sessionOf(step).run(feeds, fetches);
    this.#state.advance((input) => outputs[nextOf(input)] as Tensor);
    this.#step = step;
    return resultOf(results, (name) => outputs[name] as Tensor, 0);
  }

  /** Several steps: in one run of a session where it was made for that, but for those with R1 and R2, which have their own. */
  async runAll(batches: readonly StepBatch[]): Promise<StepResult[]> {
    const results: StepResult[] = [];
    for (let at = 0; at < batches.length; at = results.length) {
      const first = this.#step + 1;
      const isLike = (index: number) =>
        isPenalised(this.#config, first + index - at) === isPenalised(this.#config, first);
      let end = at + 1;
      while (this.#repeats && end < batches.length && isLike(end)) end++;
      const alike = batches.slice(at, end);
      results.push(...(this.#repeats ? await this.#runTogether(alike) : [await this.run(alike[0] as StepBatch)]));
    }
    return results;
  }

  /** Steps with the same session in one run. */
  async #runTogether(batches: readonly StepBatch[]): Promise<StepResult[]> {
    const values = batches.map((batch, at) => batchValues(this.#config, batch, this.#step + at + 1));
    const feeds: Values = { [STEP_COUNT]: new Tensor('int64', BigInt64Array.of(BigInt(batches.length)), []) };
    for (const name of Object.keys(values[0] ?? {}))
      feeds[allOf(name)] = stacked(values.map((of) => of[name] as Tensor));
    const results = resultOutputs(this.#config);
    const fetches: Record<string, Tensor | null> = Object.fromEntries(results.map(([, name]) => [allOf(name), null]));
    for (const [name, tensor] of Object.entries(this.#state.current)) feeds[firstOf(name)] = tensor;
    for (const { input } of this.#entries) fetches[lastOf(input)] = this.#state.target(input);
    const outputs = await this.#sessionOf(this.#step + 1).run(feeds, fetches);
    this.#state.advance((input) => outputs[lastOf(input)] as Tensor);
    this.#step += batches.length;
    return batches.map((_, at) => resultOf(results, (name) => outputs[allOf(name)] as Tensor, at));
  }

  #sessionOf(step: number): InferenceSession {
    return this.#sessions.get(isPenalised(this.#config, step)) as InferenceSession;
  }

  sample(latents: Float32Array, labels?: Float32Array): Promise<Float32Array> {
    return sampled(this.#sampler, { latents, labels }, this.#config, this.#state.current);
  }

  async state(): Promise<TrainState> {
    return trainState(this.#step, this.#entries, await this.#state.download());
  }

  async dispose(): Promise<void> {
    await this.#state.dispose();
    for (const session of this.#sessions.values()) await session.release();
    await this.#sampler.release();
  }
}

/** Whether a session's outputs can stay on the device: ONNX Runtime's JavaScript interface has that for WebGPU only. */
const keepsOnGpu = (device: ResolvedDevice | undefined): boolean => device === 'webgpu';

/** The result of one of the steps of a run. @param tensorOf the values of all its steps, by the name of the step's output */
function resultOf(
  results: ReturnType<typeof resultOutputs>,
  tensorOf: (name: string) => Tensor,
  at: number,
): StepResult {
  const values = results.map(([key, name]) => [key, (tensorOf(name).data as Float32Array)[at]]);
  return Object.fromEntries(values) as unknown as StepResult;
}

/** Tensors of one shape as one [N, …]. */
function stacked(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors as [Tensor];
  const data = new Float32Array(tensors.length * first.size);
  tensors.forEach((tensor, at) => data.set(tensor.data as Float32Array, at * first.size));
  return new Tensor('float32', data, [tensors.length, ...first.dims]);
}

/** The inputs of a step other than its state. @param step counted from 1 */
function batchValues(config: GanConfig, batch: StepBatch, step: number): Values {
  const { batchSize, channels, imageSize, latentDim, lr, lrD } = config;
  const { augmentation, rateFactor = 1 } = batch;
  const values: Values = {};
  const columns = augmentationWidth(config);
  const put = (name: string, data: Float32Array | undefined, dims: number[], update = 0) => {
    const size = elementCount(dims);
    const part = data?.subarray(update * size, (update + 1) * size);
    if (part?.length !== size)
      throw new Error(`${name}: expected ${size} numbers for each update; got ${data?.length ?? 'none'}`);
    values[inputOfUpdate(name, update)] = new Tensor('float32', part, dims);
  };
  discriminatorUpdates(config, step).forEach((t, update) => {
    put(stepInputs.real, batch.real, [batchSize, channels, imageSize, imageSize], update);
    put(stepInputs.latents, batch.latents, [batchSize, latentDim], update);
    if (config.diffaugment.length > 0) {
      put(stepInputs.augmentReal, augmentation?.real, [batchSize, columns], update);
      put(stepInputs.augmentFake, augmentation?.fake, [batchSize, columns], update);
    }
    if (config.conditional) put(stepInputs.labels, batch.labels, [batchSize, config.classNames.length], update);
    if (config.gp > 0) put(stepInputs.interpolation, batch.interpolation, [batchSize, 1, 1, 1], update);
    const { stepSize, correction } = adamNumbers(lrD * rateFactor, t, config);
    values[inputOfUpdate(scalarInputs.stepSizeD, update)] = scalar(stepSize);
    values[inputOfUpdate(scalarInputs.correctionD, update)] = scalar(correction);
  });
  if (config.heldOut > 0) {
    const { pictures, labels, augmentation: numbers } = batch.heldOut ?? {};
    put(stepInputs.heldOut, pictures, [batchSize, channels, imageSize, imageSize]);
    if (config.conditional) put(stepInputs.heldOutLabels, labels, [batchSize, config.classNames.length]);
    if (config.diffaugment.length > 0) put(stepInputs.augmentHeldOut, numbers, [batchSize, columns]);
  }
  if (config.freshLatents) put(stepInputs.generatorLatents, batch.generatorLatents, [batchSize, latentDim]);
  if (config.diffaugment.length > 0) put(stepInputs.augmentAgain, augmentation?.again, [batchSize, columns]);
  const { stepSize, correction } = adamNumbers(lr * rateFactor, step, config);
  values[scalarInputs.stepSizeG] = scalar(stepSize);
  values[scalarInputs.correctionG] = scalar(correction);
  if (config.ema > 0) values[scalarInputs.emaDecay] = scalar(emaDecay(config, step));
  return values;
}
