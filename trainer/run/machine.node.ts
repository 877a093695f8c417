/** @file What a run computes on: backend and devices, from what was asked for. */
import { resolveDevice } from '../../inference/runtime/devices/devices.node.js';
import type { DeviceChoice } from '../../inference/runtime/session.js';
import { InputError } from '../../onnx/index.js';
import type { ChosenSettings } from '../settings/resolve-settings.node.js';
import type { StepSource } from '../step/create.node.js';
import type { GanConfig } from '../settings/config.js';
import { parallelDevices } from '../settings/devices.js';
import type { Group } from '../step/state/group.js';
import { usableCores } from '../../inference/runtime/onnxruntime/cores.node.js';

/** Backend and devices of a training step, and what to tell the user. */
export interface Machine
  extends
    Pick<StepSource, 'backend' | 'device' | 'devices' | 'stepsPerRun'>,
    Pick<DeviceChoice, 'notes' | 'surprising'> {}

/**
 * @param group the processes that train together: those of this machine share its cores, or have a CUDA device each
 * @throws InputError for devices that do not work, or do not go with what else was asked for
 */
export async function chosenMachine(given: ChosenSettings, group?: Group): Promise<Machine> {
  const { backend: wanted = 'auto', device: wantedDevice = 'auto', devices: list } = given;
  const backend = wanted === 'auto' ? 'onnxruntime' : wanted;
  const stepsPerRun = given.stepsPerRun ?? 1;
  if (stepsPerRun > 1 && backend !== 'onnxruntime')
    throw new InputError({ name: 'stepsPerRun', expected: '`backend` onnxruntime', got: backend });
  if (backend !== 'onnxruntime' && wantedDevice !== 'auto' && wantedDevice !== 'cpu')
    throw new InputError({ name: 'device', expected: `auto or cpu with \`backend\` ${backend}`, got: wantedDevice });
  if (group && stepsPerRun > 1) throw new InputError({ name: 'stepsPerRun', conflictsWith: 'distributed' });
  if (group && backend !== 'onnxruntime')
    throw new InputError({ name: 'distributed', expected: '`backend` onnxruntime', got: backend });
  const cores = usableCores() / (group?.localSize ?? 1);
  if (list === undefined && group) {
    const choice = await resolveDevice(wantedDevice);
    const { device } = choice;
    const threads = Math.max(1, Math.floor(cores));
    const own = device === 'cuda' ? { device, deviceId: group.localRank } : { device, threads };
    return { backend, ...choice, devices: [own] };
  }
  if (list === undefined) {
    const choice = await resolveDevice(backend === 'onnxruntime' ? wantedDevice : 'cpu');
    return { backend, stepsPerRun, ...choice, ...(backend !== 'onnxruntime' && { notes: [] }) };
  }
  if (backend !== 'onnxruntime')
    throw new InputError({ name: 'devices', expected: '`backend` onnxruntime', got: backend });
  if (wantedDevice !== 'auto') {
    throw new InputError({ name: 'devices', conflictsWith: 'device' });
  }
  const devices = parallelDevices(list, cores);
  if (stepsPerRun > 1 && (devices?.length ?? 0) > 1)
    throw new InputError({ name: 'stepsPerRun', expected: 'one device', got: `\`devices\` ${list}` });
  if (group && group.localSize > 1 && devices?.[0]?.device === 'cuda') {
    throw new InputError({
      name: 'devices',
      expected: 'no CUDA devices where several ranks share a machine: each rank has the device of its own number',
      got: list,
    });
  }
  return { backend, devices, stepsPerRun, ...(await resolveDevice(devices?.[0]?.device ?? 'cpu')) };
}

/**
 * The configuration of this process's share of each batch.
 * @throws InputError if the batch cannot be divided evenly
 */
export function shareConfig(config: GanConfig, group: Group | undefined): GanConfig {
  if (!group) return config;
  if (config.batchSize % group.size === 0) return { ...config, batchSize: config.batchSize / group.size };
  throw new InputError({
    name: 'batchSize',
    expected: `a multiple of the ${group.size} ranks, which divide each batch`,
    got: config.batchSize,
  });
}
