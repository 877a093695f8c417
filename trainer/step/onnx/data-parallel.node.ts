/** @file Data parallel training: each device of each process computes the gradients of its shard; one update uses their mean. */
import { Tensor, type InferenceSession } from '../../../inference/runtime/onnxruntime/library.node.js';
import { sessionIn, startSessionThread } from '../../../inference/runtime/runtime.node.js';
import { createSession } from '../../../inference/runtime/session.node.js';
import { concatenated } from '../../../inference/numeric/concatenated.js';
import { sessionTensor, type Session, type SessionOptions } from '../../../inference/runtime/session.js';
import type { Thread } from '../../../inference/runtime/thread.node.js';
import { InputError, modelOfGraph } from '../../../onnx/index.js';
import { type AdamNumbers } from '../../../onnx/build/adam.js';
import { isRelativistic, lossNames, type GanConfig } from '../../settings/config.js';
import { preparedGraph } from './graph/prepared.js';
import { samplingGraph } from './graph/step.js';
import { stepInputs, type Models } from './graph/networks.js';
import {
  discriminatorGradients,
  generatorGradients,
  gradientName,
  reports,
  updateGraph,
  updateInputs,
  type PartGraph,
} from './graph/shards.js';
import { nextOf, type StateEntry } from './graph/weights.js';
import { adamNumbers, discriminatorUpdates, emaDecay, isPenalised, kindsOfSteps } from '../state/schedule.js';
import type { Group } from '../state/group.js';
import type { StepBatch, StepResult, TrainState, TrainStep } from '../state/step.js';
import { mean, slices, split } from './parts.js';
import { sampled, scalar, stateValues, trainState, type Values } from './values.node.js';

type Network = StateEntry['network'];
type Numbers = Record<string, Float32Array>;

/** The parts of one network: its gradient graphs, which run on the devices, and its update, which runs here. */
interface Half {
  /** By `isPenalised`; the generator has one for all steps. */
  gradients: ReadonlyMap<boolean, PartGraph>;
  update: PartGraph;
  session: InferenceSession;
}

/** The held-out pictures as inputs; all updates of a step have the same ones, and the last one's answer counts. */
function heldOutInputs({ conditional, diffaugment, heldOut }: GanConfig, batch: StepBatch): Numbers {
  if (heldOut === 0 || !batch.heldOut) return {};
  const { pictures, labels, augmentation } = batch.heldOut;
  return {
    [stepInputs.heldOut]: pictures,
    ...(conditional && labels && { [stepInputs.heldOutLabels]: labels }),
    ...(diffaugment.length > 0 && augmentation && { [stepInputs.augmentHeldOut]: augmentation }),
  };
}

/** A device's thread, with sessions for each network's gradients, by `isPenalised`. */
interface Device {
  name: string;
  thread: Thread;
  sessions: Record<Network, ReadonlyMap<boolean, Session>>;
}

/**
 * The training step over several devices. Batch norm uses the statistics of each shard, and the running statistics
 * come from the first shard, as in PyTorch's `DataParallel`. A process of a group computes its share of the batch and averages
 * with the others; the state that is saved is that of rank 0. Without batch norm the result equals that of one device.
 */
export class DataParallelStep implements TrainStep {
  readonly description: string;
  readonly #config: GanConfig;
  readonly #devices: readonly Device[];
  readonly #halves: Record<Network, Half>;
  readonly #sampler: InferenceSession;
  readonly #entries: readonly StateEntry[];
  readonly #group: Group | undefined;
  #values: Values;
  #spare: Values;
  #step: number;

  private constructor(
    config: GanConfig,
    devices: readonly Device[],
    halves: Record<Network, Half>,
    sampler: InferenceSession,
    state: TrainState,
    group: Group | undefined,
  ) {
    this.#config = config;
    this.#devices = devices;
    this.#halves = halves;
    this.#sampler = sampler;
    const reads = Object.values(halves).flatMap(({ gradients, update }) =>
      [...gradients.values(), update].flatMap((part) => part.reads),
    );
    this.#entries = [...new Map(reads.map((entry) => [entry.input, entry])).values()];
    this.#values = stateValues(this.#entries, state);
    this.#spare = stateValues(this.#entries, state);
    this.#step = state.step;
    this.#group = group;
    const names = devices.map(({ name }) => name).join(', ');
    this.description = `ONNX Runtime (${names})${group ? `, ${group.size} ranks, ${group.description}` : ''}`;
  }

  /**
   * A step that starts from `state`; the first device also computes updates and samples.
   * @param config of this process: the batch size is that of its share
   * @param models both networks as layers models; only their structure is used
   * @throws InputError if the batch cannot be divided evenly, or the loss needs all of it at once
   */
  static async create(
    config: GanConfig,
    models: Models,
    state: TrainState,
    devices: readonly SessionOptions[],
    group?: Group,
  ): Promise<DataParallelStep> {
    if (config.batchSize % devices.length !== 0) {
      throw new InputError({
        name: 'devices',
        expected: `a number of devices that divides the batch of ${config.batchSize}`,
        got: devices.length,
      });
    }
    if (isRelativistic(config)) {
      const others = lossNames.filter((loss) => !isRelativistic({ loss }));
      throw new InputError({
        name: 'loss',
        expected: `one of ${others.join(', ')} for several devices or processes, as each sees a part of the batch`,
        got: config.loss,
      });
    }
    const shard = { ...config, batchSize: config.batchSize / devices.length };
    const [first = {}] = devices;
    const half = async (network: Network, gradients: Half['gradients']): Promise<Half> => {
      const [{ reads }] = [...gradients.values()] as [PartGraph];
      const weights = reads.filter((entry) => entry.network === network && entry.part === 'weights');
      const update = updateGraph(config, network, weights);
      return { gradients, update, session: await createSession(modelOfGraph(update.graph), first) };
    };
    const halves = {
      discriminator: await half(
        'discriminator',
        new Map(kindsOfSteps(config).map((kind) => [kind, discriminatorGradients(shard, models, kind)])),
      ),
      generator: await half('generator', new Map([[false, generatorGradients(shard, models)]])),
    };
    const sampler = await createSession(modelOfGraph(samplingGraph(config, models.generator)), first);
    const started = devices.map(async (options): Promise<Device> => {
      const thread = await startSessionThread();
      const sessions = async ({ gradients }: Half) => {
        const made = new Map<boolean, Session>();
        for (const [kind, { graph, reads }] of gradients)
          made.set(kind, await sessionIn(thread, modelOfGraph(preparedGraph(graph, reads)), options));
        return made;
      };
      const [discriminator, generator] = [await sessions(halves.discriminator), await sessions(halves.generator)];
      const { device = 'cpu', deviceId } = options;
      const name = deviceId === undefined ? device : `${device}:${deviceId}`;
      return { name, thread, sessions: { discriminator, generator } };
    });
    return new DataParallelStep(config, await Promise.all(started), halves, sampler, state, group);
  }

  async run(batch: StepBatch): Promise<StepResult> {
    const config = this.#config;
    const { augmentation, rateFactor = 1 } = batch;
    const step = this.#step + 1;
    const updates = discriminatorUpdates(config, step);
    const results: StepResult = { lossD: 0, lossG: 0, dReal: 0, dFakeBefore: 0, dFakeAfter: 0 };
    for (const [index, t] of updates.entries()) {
      const part = (data: Float32Array) => slices(data, updates.length)[index] as Float32Array;
      const inputs: Numbers = { [stepInputs.real]: part(batch.real), [stepInputs.latents]: part(batch.latents) };
      if (config.diffaugment.length > 0 && augmentation) {
        inputs[stepInputs.augmentReal] = part(augmentation.real);
        inputs[stepInputs.augmentFake] = part(augmentation.fake);
      }
      if (config.conditional && batch.labels) inputs[stepInputs.labels] = part(batch.labels);
      Object.assign(inputs, heldOutInputs(config, batch));
      if (config.gp > 0 && batch.interpolation) inputs[stepInputs.interpolation] = part(batch.interpolation);
      const numbers = adamNumbers(config.lrD * rateFactor, t, config);
      Object.assign(results, await this.#updated('discriminator', inputs, numbers, step));
    }
    const shared = batch.latents.subarray(-config.batchSize * config.latentDim);
    const inputs: Numbers = { [stepInputs.generatorLatents]: config.freshLatents ? batch.generatorLatents : shared };
    if (config.diffaugment.length > 0 && augmentation) inputs[stepInputs.augmentAgain] = augmentation.again;
    if (config.conditional && batch.labels)
      inputs[stepInputs.labels] = slices(batch.labels, updates.length).at(-1) as Float32Array;
    const numbers = adamNumbers(config.lr * rateFactor, step, config);
    Object.assign(results, await this.#updated('generator', inputs, numbers, step));
    this.#step = step;
    return results;
  }

  /** Gradients of all shards of all processes, and one update of a network with their mean. @returns the mean of the shards' reports */
  async #updated(
    network: Network,
    inputs: Numbers,
    { stepSize, correction }: AdamNumbers,
    step: number,
  ): Promise<Partial<StepResult>> {
    const { update, session, ...half } = this.#halves[network];
    const kind = network === 'discriminator' && isPenalised(this.#config, step);
    const gradients = half.gradients.get(kind) as PartGraph;
    const answers = await Promise.all(
      this.#devices.map(async ({ sessions }, index): Promise<Numbers> => {
        const feeds = gradients.graph.inputs.map(({ name, value }) => {
          const given = inputs[name];
          const data = given ? (slices(given, this.#devices.length)[index] as Float32Array) : this.#data(name);
          return [name, sessionTensor(data, (value?.shape ?? []) as number[])] as const;
        });
        const outputs = await (sessions[network].get(kind) as Session).run(Object.fromEntries(feeds));
        return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
      }),
    );
    for (const { input } of gradients.writes) this.#data(input).set(answers[0]?.[nextOf(input)] ?? []);
    const averaged = update.graph.inputs.map(({ name }) => name).filter((name) => name.startsWith(gradientName('')));
    const means = await this.#means(answers, [...averaged, ...reports(this.#config, network)]);
    const feeds: Values = { [updateInputs.stepSize]: scalar(stepSize), [updateInputs.correction]: scalar(correction) };
    for (const { name, value } of update.graph.inputs) {
      const dims = (value?.shape ?? []) as number[];
      if (name === updateInputs.emaDecay) feeds[name] = scalar(emaDecay(this.#config, step));
      else if (name.startsWith(gradientName('')))
        feeds[name] = new Tensor('float32', means[name] as Float32Array, dims);
      else feeds[name] ??= this.#values[name] as Tensor;
    }
    const fetches = Object.fromEntries(update.writes.map(({ input }) => [nextOf(input), this.#spare[input] as Tensor]));
    await session.run(feeds, fetches);
    for (const { input } of update.writes) {
      [this.#values[input], this.#spare[input]] = [this.#spare[input] as Tensor, this.#values[input] as Tensor];
    }
    return Object.fromEntries(
      reports(this.#config, network).map((name) => [name, (means[name] as Float32Array)[0] as number]),
    );
  }

  /** Means over the shards here, then over all processes. */
  async #means(answers: readonly Numbers[], names: readonly string[]): Promise<Numbers> {
    const means = names.map((name) => mean(answers, name));
    const shared = this.#group ? split(await this.#group.mean(concatenated(means)), means) : means;
    return Object.fromEntries(names.map((name, index) => [name, shared[index] as Float32Array]));
  }

  #data(input: string): Float32Array {
    return this.#values[input]?.data as Float32Array;
  }

  sample(latents: Float32Array, labels?: Float32Array): Promise<Float32Array> {
    return sampled(this.#sampler, { latents, labels }, this.#config, this.#values);
  }

  /** A copy of the state. In a group all processes call it: they go on with the state of rank 0, running statistics included. */
  async state(): Promise<TrainState> {
    if (this.#group) {
      const parts = this.#entries.map(({ input }) => this.#data(input));
      const bytes = await this.#group.fromFirst(new Uint8Array(concatenated(parts).buffer));
      const first = split(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), parts);
      parts.forEach((data, index) => data.set(first[index] as Float32Array));
    }
    return trainState(this.#step, this.#entries, this.#values);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#devices.map(({ thread }) => thread.end()));
    const sessions = [this.#sampler, ...Object.values(this.#halves).map(({ session }) => session)];
    for (const session of sessions) await session.release();
  }
}
