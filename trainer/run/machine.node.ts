/** @file What a run computes on: backend and devices, from what was asked for. */
import { availableParallelism } from 'node:os';
import { resolveDevice } from '../../inference/runtime/devices/devices.node.js';
import type { DeviceChoice } from '../../inference/runtime/session.js';
import { InputError } from '../../onnx/index.js';
import type { ChosenSettings } from '../settings/resolve-settings.node.js';
import type { StepSource } from '../step/create.node.js';
import { parallelDevices } from '../settings/devices.js';

/** Backend and devices of a training step, and what to tell the user. */
export interface Machine
  extends
    Pick<StepSource, 'backend' | 'device' | 'devices' | 'stepsPerRun'>,
    Pick<DeviceChoice, 'notes' | 'surprising'> {}

/** @throws InputError for devices that do not work, or do not go with what else was asked for */
export async function chosenMachine(given: ChosenSettings): Promise<Machine> {
  const { backend: wanted = 'auto', device: wantedDevice = 'auto', devices: list } = given;
  const backend = wanted === 'auto' ? 'onnxruntime' : wanted;
  const stepsPerRun = given.stepsPerRun ?? 1;
  if (stepsPerRun > 1 && backend !== 'onnxruntime')
    throw new InputError({ name: 'stepsPerRun', expected: '`backend` onnxruntime', got: backend });
  if (list === undefined) {
    const choice = await resolveDevice(backend === 'onnxruntime' ? wantedDevice : 'cpu');
    return { backend, stepsPerRun, ...choice, ...(backend !== 'onnxruntime' && { notes: [] }) };
  }
  if (backend !== 'onnxruntime')
    throw new InputError({ name: 'devices', expected: '`backend` onnxruntime', got: backend });
  if (wantedDevice !== 'auto') {
    throw new InputError({ name: 'devices', conflictsWith: 'device' });
  }
  const devices = parallelDevices(list, availableParallelism());
  if (stepsPerRun > 1 && (devices?.length ?? 0) > 1)
    throw new InputError({ name: 'stepsPerRun', expected: 'one device', got: `\`devices\` ${list}` });
  return { backend, devices, stepsPerRun, ...(await resolveDevice(devices?.[0]?.device ?? 'cpu')) };
}
