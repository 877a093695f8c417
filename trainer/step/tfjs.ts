/** @file The training step through tfjs autodiff, on whatever tfjs backend there is: the oracle of the ONNX step. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Scalar, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import { tf } from '../../exporter/tf.js';
import { weightName } from '../../exporter/weights.js';
import type { GanConfig } from '../config.js';
import { withState } from '../state.js';
import type { NetworkState, StateTensor, StepBatch, StepResult, TrainState, TrainStep } from './step.js';

/** Adam's ε, as in PyTorch: added to the square root after bias correction. */
const EPSILON = 1e-8;

type Layer = LayersModel['layers'][number];

/** A batch norm layer's statistics in one pass: the batch's mean, biased variance and number of values per channel. */
interface Statistics {
  layer: Layer;
  mean: Tensor;
  variance: Tensor;
  count: number;
}

/** One network: its model, whose variables are the weights, and Adam's moments. */
interface Network {
  model: LayersModel;
  variables: Map<string, Variable>;
  moments: Map<string, { m: Variable; v: Variable }>;
}

/** The seeds' training step with its state in tfjs variables. */
export class TfjsStep implements TrainStep {
  readonly description: string;
  readonly #config: GanConfig;
  readonly #generator: Network;
  readonly #discriminator: Network;
  #step: number;

  /** @param models both networks; their weights are set from `state` and belong to the step from now on */
  constructor(config: GanConfig, models: { generator: LayersModel; discriminator: LayersModel }, state: TrainState) {
    // The plain backend would keep the state's own arrays.
    const { step, generator, discriminator } = structuredClone(state);
    this.#config = config;
    this.#generator = networkOf(models.generator, generator);
    this.#discriminator = networkOf(models.discriminator, discriminator);
    this.#step = step;
    this.description = `tfjs (${tf.getBackend()})`;
  }

  async run(batch: StepBatch): Promise<StepResult> {
    const step = this.#step + 1;
    const results = tf.tidy(() => this.#update(batch, step));
    this.#step = step;
    const values = await Promise.all(results.map((result) => result.data()));
    tf.dispose(results);
    const [lossD, lossG, dReal, dFakeBefore, dFakeAfter] = values.map((value) => value[0]);
    return { lossD, lossG, dReal, dFakeBefore, dFakeAfter } as StepResult;
  }

  /** Both updates. @param step counts from 1 @returns the five scalars of `StepResult` */
  #update(batch: StepBatch, step: number): Scalar[] {
    const { batchSize, channels, imageSize, latentDim, freshLatents, halveDiscriminatorLoss } = this.#config;
    const [generator, discriminator] = [this.#generator, this.#discriminator];
    const real = tf.transpose(tf.tensor4d(batch.real, [batchSize, channels, imageSize, imageSize]), [0, 2, 3, 1]);
    const latents = tf.tensor2d(batch.latents, [batchSize, latentDim]);
    const again = freshLatents ? tf.tensor2d(batch.generatorLatents, [batchSize, latentDim]) : latents;

    const fake = trainingPass(generator.model, latents);
    const [judged, unjudged] = [{} as Pass, {} as Pass];
    const updateD = tf.variableGrads(() => {
      Object.assign(judged, kept(trainingPass(discriminator.model, real)));
      Object.assign(unjudged, kept(trainingPass(discriminator.model, fake.output)));
      const loss = tf.add(meanSoftplus(tf.neg(judged.logit)), meanSoftplus(unjudged.logit));
      return (halveDiscriminatorLoss ? tf.mul(loss, 0.5) : loss) as Scalar;
    }, trainable(discriminator));
    this.#adam(discriminator, updateD.grads, this.#config.lrD, step);
    for (const pass of [judged, unjudged]) updateRunningStatistics(pass.statistics);

    const [generated, judgedAgain] = [{} as Pass, {} as Pass];
    const updateG = tf.variableGrads(() => {
      Object.assign(generated, kept(trainingPass(generator.model, again)));
      Object.assign(judgedAgain, kept(trainingPass(discriminator.model, generated.output)));
      return meanSoftplus(tf.neg(judgedAgain.logit)) as Scalar;
    }, trainable(generator));
    this.#adam(generator, updateG.grads, this.#config.lr, step);
    // With shared latents the second pass repeats the first one, which PyTorch's loop runs only once.
    for (const pass of freshLatents ? [fake, generated] : [fake]) updateRunningStatistics(pass.statistics);
    updateRunningStatistics(judgedAgain.statistics);

    const scores = [judged, unjudged, judgedAgain].map(({ logit }) => tf.mean(tf.sigmoid(logit)) as Scalar);
    for (const pass of [judged, unjudged, generated, judgedAgain]) {
      tf.dispose([pass.output, pass.logit, ...pass.statistics.flatMap(({ mean, variance }) => [mean, variance])]);
    }
    return [updateD.value, updateG.value, ...scores];
  }

  /** Adam (Kingma & Ba 2015, algorithm 1). */
  #adam(network: Network, gradients: Record<string, Tensor>, rate: number, step: number): void {
    const { beta1, beta2 } = this.#config;
    const stepSize = rate / (1 - beta1 ** step);
    const correction = Math.sqrt(1 - beta2 ** step);
    for (const [name, { m, v }] of network.moments) {
      const weight = network.variables.get(name) as Variable;
      const gradient = gradients[weight.name] as Tensor;
      m.assign(tf.add(m, tf.mul(tf.sub(gradient, m), 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
      const deviation = tf.add(tf.div(tf.sqrt(v), correction), EPSILON);
      weight.assign(tf.sub(weight, tf.mul(tf.div(m, deviation), stepSize)));
    }
  }

  async sample(latents: Float32Array): Promise<Float32Array> {
    const { latentDim } = this.#config;
    const pictures = tf.tidy(() => {
      const input = tf.tensor2d(latents, [latents.length / latentDim, latentDim]);
      return tf.transpose(this.#generator.model.predict(input) as Tensor, [0, 3, 1, 2]);
    });
    const data = await pictures.data<'float32'>();
    pictures.dispose();
    return data;
  }

  async state(): Promise<TrainState> {
    const [generator, discriminator] = [await stateOf(this.#generator), await stateOf(this.#discriminator)];
    return { step: this.#step, generator, discriminator };
  }

  async dispose(): Promise<void> {
    for (const { model, moments } of [this.#generator, this.#discriminator]) {
      for (const { m, v } of moments.values()) tf.dispose([m, v]);
      model.dispose();
    }
  }
}

/** What a pass through a network gives. */
interface Pass {
  output: Tensor;
  /** Input of the last layer, an activation. */
  logit: Tensor;
  statistics: Statistics[];
}

/** A pass in training form: batch norm by the batch's own statistics. */
function trainingPass(model: LayersModel, input: Tensor): Pass {
  const statistics: Statistics[] = [];
  let [value, logit] = [input, input];
  for (const layer of model.layers) {
    logit = value;
    value =
      layer.getClassName() === 'BatchNormalization'
        ? normalized(layer, value, statistics)
        : (layer.apply(value) as Tensor);
  }
  return { output: value, logit, statistics };
}

function normalized(layer: Layer, x: Tensor, statistics: Statistics[]): Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const { mean, variance } = tf.moments(x, axes);
  statistics.push({ layer, mean, variance, count: x.size / (x.shape.at(-1) as number) });
  const { epsilon } = layer.getConfig() as { epsilon: number };
  return tf.batchNorm(
    x,
    mean as Tensor1D,
    variance as Tensor1D,
    perChannel(layer, 'beta'),
    perChannel(layer, 'gamma'),
    epsilon,
  );
}

const perChannel = (layer: Layer, name: string): Tensor1D => variableOf(layer, name) as Tensor as Tensor1D;

/** PyTorch's rule: r ← 0.9·r + 0.1·s, with s the batch's mean or its unbiased variance. */
function updateRunningStatistics(statistics: readonly Statistics[]): void {
  for (const { layer, mean, variance, count } of statistics) {
    const { momentum } = layer.getConfig() as { momentum: number };
    const blend = (variable: Variable, value: Tensor) =>
      variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum)));
    blend(variableOf(layer, 'moving_mean'), mean);
    blend(variableOf(layer, 'moving_variance'), tf.mul(variance, count / (count - 1)));
  }
}

/** Keeps a pass's tensors, which the gradient's own scope would dispose of. */
function kept(pass: Pass): Pass {
  for (const tensor of [
    pass.output,
    pass.logit,
    ...pass.statistics.flatMap(({ mean, variance }) => [mean, variance]),
  ]) {
    tf.keep(tensor);
  }
  return pass;
}

const meanSoftplus = (logit: Tensor) => tf.mean(tf.softplus(logit));

const trainable = ({ variables, moments }: Network) =>
  [...moments.keys()].map((name) => variables.get(name) as Variable);

function variableOf(layer: Layer, name: string): Variable {
  const weight = layer.weights.find((candidate) => weightName(candidate).endsWith(`/${name}`));
  return weight?.read() as Variable;
}

function networkOf(model: LayersModel, state: NetworkState): Network {
  withState(model, state);
  const variables = new Map(model.weights.map((weight) => [weightName(weight), weight.read() as Variable]));
  const moment = (saved: StateTensor | undefined, like: Variable): Variable => {
    const start = saved ? tf.tensor(saved.data, saved.shape) : tf.zerosLike(like);
    const variable = tf.variable(start, false);
    start.dispose();
    return variable;
  };
  const moments = new Map(
    model.trainableWeights.map(weightName).map((name) => {
      const like = variables.get(name) as Variable;
      return [name, { m: moment(state.m.get(name), like), v: moment(state.v.get(name), like) }];
    }),
  );
  return { model, variables, moments };
}

async function stateOf({ variables, moments }: Network): Promise<NetworkState> {
  const taken = async (variable: Variable): Promise<StateTensor> => ({
    shape: [...variable.shape],
    data: Float32Array.from(await variable.data<'float32'>()),
  });
  const state: NetworkState = { weights: new Map(), m: new Map(), v: new Map() };
  for (const [name, variable] of variables) state.weights.set(name, await taken(variable));
  for (const [name, { m, v }] of moments) {
    state.m.set(name, await taken(m));
    state.v.set(name, await taken(v));
  }
  return state;
}
