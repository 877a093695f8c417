/** @file Creates the training step with the chosen implementation. */
import type { ResolvedDevice, SessionOptions } from '../../inference/runtime/session.js';
import type { GanConfig } from '../settings/config.js';
import type { Backend } from '../settings/devices.js';
import { PortGroup, type GroupPort } from './group-port.node.js';
import { discriminatorModel, generatorModel } from './tfjs/models.js';
import type { TrainState, TrainStep } from './state/step.js';

export interface StepSource {
  config: GanConfig;
  state: TrainState;
  backend: Backend;
  /** Device of ONNX Runtime; tfjs backends choose their own. */
  device: ResolvedDevice;
  /** Devices for data parallel training, instead of one device. */
  devices?: readonly SessionOptions[] | undefined;
  /** Largest number of steps in one run of ONNX Runtime on one device (`TrainStep.runAll`); default 1. */
  stepsPerRun?: number | undefined;
  /** The processes that train together; the configuration is then that of this one's share of the batch. */
  group?: GroupPort | undefined;
}

/** A training step that starts from `state`. @throws InputError if the backend is not installed */
export async function createStep({
  config,
  state,
  backend,
  device,
  devices,
  stepsPerRun = 1,
  group,
}: StepSource): Promise<TrainStep> {
  const structure = { initialWeights: false };
  const models = { generator: generatorModel(config, structure), discriminator: discriminatorModel(config, structure) };
  const [only] = devices ?? [];
  if (group || (devices && devices.length > 1)) {
    const { DataParallelStep } = await import('./onnx/data-parallel.node.js');
    return DataParallelStep.create(config, models, state, devices ?? [{ device }], group && new PortGroup(group));
  }
  if (backend === 'onnxruntime') {
    const { OnnxStep } = await import('./onnx/onnx.node.js');
    // A single device computes the whole batch.
    return OnnxStep.create(config, models, state, only ?? { device }, stepsPerRun > 1);
  }
  const { loadTfjsBackend } = await import('./tfjs/backends.node.js');
  await loadTfjsBackend(backend);
  const { TfjsStep } = await import('./tfjs/step.js');
  return new TfjsStep(config, models, state);
}
