/** @file How much memory a run takes, before its first step: from the shapes of the step's graph, fitted to what was measured. */
import { totalmem } from 'node:os';
import { InputError } from '../../onnx/index.js';
import { isStatic } from '../../onnx/graph/dims.js';
import { elementCount, type Graph } from '../../onnx/graph/graph.js';
import { topologicalOrder, valuesRead } from '../../onnx/graph/order.js';
import { convTransposeToMatMul } from '../../onnx/passes/conv-transpose-to-matmul.js';
import { Types } from '../../onnx/shapes/types.js';
import type { GanConfig } from '../settings/config.js';
import { stepGraph } from './onnx/graph/step.js';
import { kindsOfSteps } from './state/schedule.js';
import { discriminatorModel, generatorModel } from './tfjs/models.js';
import { stepError } from './too-large.js';

/** Bytes that a run takes. */
export interface MemoryEstimate {
  /** Weights, Adam's moments and averages of both networks, once. */
  state: number;
  /** Activations and gradients that live at the same time, of each kind of step. */
  activations: number;
  /** Decoded pictures that are kept in memory. */
  pictures: number;
  /** Resident memory of the process at its peak. */
  total: number;
}

const BYTES = 4;
/**
 * The fit, by measured peaks (docs/train.md): the process with its report, which draws pictures; copies of the state (two in the
 * step, and those of the session, checkpoints and messages between threads); further ones for each device that shares the batch; and
 * how far ONNX Runtime's arena is above the live tensors.
 */
const FIT = { process: 285e6, perPixel: 14_000, stateCopies: 5, deviceCopies: 7, arena: 1.1 };

/**
 * The estimate for training on the CPU.
 * @param pictures bytes of decoded pictures in memory
 * @throws InputError that names settings, where a tensor of the step is larger than graphs may have
 */
export function memoryEstimate(config: GanConfig, pictures: number, devices = 1): MemoryEstimate {
  const structure = { initialWeights: false };
  const [generator, discriminator] = [generatorModel(config, structure), discriminatorModel(config, structure)];
  try {
    const kinds = kindsOfSteps(config).map((penalised) => stepGraph(config, generator, discriminator, penalised));
    const numbers = (kinds[0]?.state ?? []).reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const state = BYTES * numbers;
    const activations = kinds.reduce((sum, { graph }) => sum + livePeak(convTransposeToMatMul(graph)), 0);
    const copies = FIT.stateCopies + FIT.deviceCopies * (devices - 1);
    const total =
      FIT.process + FIT.perPixel * config.imageSize ** 2 + pictures + copies * state + FIT.arena * activations;
    return { state, activations, pictures, total };
  } catch (error) {
    throw stepError(error, config);
  } finally {
    generator.dispose();
    discriminator.dispose();
  }
}

/** Bytes of the values that nodes make and later ones still need, at their most; inputs and outputs are not counted. */
export function livePeak(graph: Graph): number {
  const nodes = topologicalOrder(graph.nodes);
  const types = Types.of({ ...graph, nodes });
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const lastUse = new Map<string, number>();
  nodes.forEach((node, at) => valuesRead(node).forEach((name) => lastUse.set(name, at)));
  const live = new Map<string, number>();
  let [now, peak] = [0, 0];
  nodes.forEach((node, at) => {
    for (const name of node.outputs) {
      const shape = types.shape(name);
      if (name === '' || outputs.has(name) || !isStatic(shape)) continue;
      const bytes = BYTES * elementCount(shape);
      live.set(name, bytes);
      now += bytes;
    }
    peak = Math.max(peak, now);
    for (const name of new Set([...valuesRead(node), ...node.outputs])) {
      if ((lastUse.get(name) ?? at) > at) continue;
      now -= live.get(name) ?? 0;
      live.delete(name);
    }
  });
  return peak;
}

/** Bytes that a process may have at most: the machine's, or the limit of its control group. */
export function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

const text = (bytes: number) => (bytes < 2e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** The estimate as a line. */
export function memoryLine({ state, activations, pictures, total }: MemoryEstimate, limit: number): string {
  return (
    `Memory: about ${text(total)} of ${text(limit)} (weights and moments ${text(state)}, ` +
    `activations ${text(activations)}, pictures ${text(pictures)})`
  );
}

/** @throws InputError that says what to change, where the estimate is above the limit */
export function expectFits(config: GanConfig, estimate: MemoryEstimate, limit: number): void {
  if (estimate.total <= limit) return;
  const { batchSize, imageSize, ngf, ndf } = config;
  const others = estimate.total - FIT.arena * estimate.activations;
  const share = Math.floor((batchSize * (limit - others)) / (FIT.arena * estimate.activations));
  const smaller = [
    ...(share >= 1 ? [`\`batchSize\` ${2 ** Math.floor(Math.log2(share))}`] : []),
    `\`ngf\` ${Math.ceil(ngf / 2)} with \`ndf\` ${Math.ceil(ndf / 2)}`,
    ...(imageSize > 8 ? [`\`imageSize\` ${imageSize / 2}`] : []),
  ];
  throw new InputError(
    `the run needs about ${text(estimate.total)} of memory, and there are ${text(limit)}: try ${smaller.join(', or ')} ` +
      '(`checkMemory` false starts it all the same)',
  );
}
