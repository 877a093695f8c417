/** @file One update of a classifier as one ONNX graph: forward pass, cross-entropy, gradients and Adam. */
import type { LayersModel } from '../../exporter/tfjs-model.js';
import { Tensor, type InferenceSession } from '../../inference/runtime/onnxruntime/library.node.js';
import { loweredModel } from '../../exporter/layers/table.js';
import { createSession } from '../../inference/runtime/session.node.js';
import type { SessionOptions } from '../../inference/runtime/session.js';
import { emptyGraph, GraphBuilder, gradients, modelOfGraph, type Graph } from '../../onnx/index.js';
import { convTransposeToMatMul } from '../../onnx/passes/conv-transpose-to-matmul.js';
import { networkStateOf } from '../step/tfjs/state.js';
import { updateWithAdam } from '../step/onnx/graph/adam.js';
import { nextOf, updateRunningStatistics, Weights, type StateEntry } from '../step/onnx/graph/weights.js';
import type { NetworkState } from '../step/state/step.js';
import { scalar, networkState, networkValues, type Values } from '../step/onnx/values.node.js';
import { similarities } from './similarities.js';
import type { ClassifierBatch } from './tasks.js';

const NETWORK = 'classifier';
const inputs = {
  pictures: 'pictures',
  labels: 'labels',
  stepSize: 'step_size',
  correction: 'second_moment_correction',
};
const LOSS = 'loss';
const BETAS = { beta1: 0.9, beta2: 0.999 };

/** A classifier's weights, and what updates them. */
export class ClassifierStep {
  #step = 0;
  #values: Values;

  private constructor(
    readonly session: InferenceSession,
    readonly entries: readonly StateEntry<string>[],
    readonly shape: readonly [batch: number, size: number, classes: number],
    state: NetworkState,
  ) {
    this.#values = networkValues(entries, state);
  }

  /**
   * @param model its structure and its initial weights
   * @param options.compares whether its outputs are not logits of classes but embeddings, which are compared with each other
   */
  static async create(
    model: LayersModel,
    batchSize: number,
    { compares = false, ...options }: SessionOptions & { compares?: boolean },
  ): Promise<ClassifierStep> {
    const size = model.inputs[0]?.shape[1] as number;
    const classes = compares ? batchSize : (model.outputs[0]?.shape.at(-1) as number);
    const { graph, entries } = classifierGraph(model, batchSize, size, classes, compares);
    const session = await createSession(modelOfGraph(convTransposeToMatMul(graph)), options);
    return new ClassifierStep(session, entries, [batchSize, size, classes], networkStateOf(model));
  }

  /** Updates the weights once. @returns the loss before the update, in nats */
  async run({ pictures, labels }: ClassifierBatch, learningRate: number): Promise<number> {
    const [batchSize, size, classes] = this.shape;
    const oneHot = new Float32Array(batchSize * classes);
    for (let i = 0; i < batchSize; i++) oneHot[i * classes + (labels[i] as number)] = 1;
    const step = ++this.#step;
    const results = await this.session.run({
      ...this.#values,
      [inputs.pictures]: new Tensor('float32', pictures, [batchSize, 3, size, size]),
      [inputs.labels]: new Tensor('float32', oneHot, [batchSize, classes]),
      [inputs.stepSize]: scalar(learningRate / (1 - BETAS.beta1 ** step)),
      [inputs.correction]: scalar(Math.sqrt(1 - BETAS.beta2 ** step)),
    });
    this.#values = Object.fromEntries(this.entries.map(({ input }) => [input, results[nextOf(input)] as Tensor]));
    return ((results[LOSS] as Tensor).data as Float32Array)[0] as number;
  }

  /** A copy of the weights, in tfjs layout. */
  state(): NetworkState {
    return networkState(this.entries, this.#values);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

/** The update for a fixed batch size; the loss is the mean of −log softmax(logits) at the picture's class. */
function classifierGraph(
  model: LayersModel,
  batch: number,
  size: number,
  classes: number,
  compares: boolean,
): { graph: Graph; entries: readonly StateEntry<string>[] } {
  const b = new GraphBuilder(emptyGraph('classifier-step'));
  const pictures = b.input(inputs.pictures, 'float32', [batch, 3, size, size]);
  const labels = b.input(inputs.labels, 'float32', [batch, classes]);
  const scalars = {
    stepSize: b.input(inputs.stepSize, 'float32', []),
    correction: b.input(inputs.correction, 'float32', []),
  };
  const weights = new Weights(b, NETWORK);
  const { output, statistics } = loweredModel(b, model, pictures, weights.value, { training: true });
  updateRunningStatistics(b, statistics, weights);
  const logits = compares ? similarities(b, output, batch) : output;
  const chosen = b.mul(b.op('LogSoftmax', [logits], { axis: 1 }), labels);
  const loss = b.div(b.op('Neg', [b.op('ReduceSum', [chosen], { keepdims: 0 })]), b.scalar(batch), 'cross_entropy');
  const before = weights.trainable.map(({ name }) => weights.current(name));
  const found = gradients(b, loss, before);
  const gradient = (name: string) => found.get(weights.current(name)) as string;
  updateWithAdam(b, weights, gradient, scalars, BETAS);
  b.output(loss, LOSS);
  return { graph: b.graph, entries: weights.finish() };
}
