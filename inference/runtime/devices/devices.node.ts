/** @file Finds a device that works with ONNX Runtime by testing each one; the result names the chosen device and the reason. */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../../onnx/errors.js';
import { nativeProblem } from '../onnxruntime/native.node.js';
import { disableTelemetry } from '../onnxruntime/telemetry.node.js';
import { essence } from './essence.js';
import { rememberAnswer, rememberedAnswer } from './probe-memory.node.js';
import type { ProbeAnswer } from './probe-process.node.js';
import type { Device, DeviceChoice, ResolvedDevice } from '../session.js';

type Native = Exclude<ResolvedDevice, 'wasm'>;

/** Timeout of a device test in milliseconds; the first start of CUDA takes some seconds. */
const TIMEOUT = 30_000;
/** Probe times up to this many milliseconds are not compared: latency dominates, on hardware and software drivers alike. */
const LATENCY = 5;

/** Results of this process; drivers do not change while it runs. */
const choices = new Map<Device, Promise<DeviceChoice>>();

const ADVICE: Record<Native, string> = {
  cuda:
    'it needs Linux on x64, an NVIDIA driver, CUDA 13, cuDNN 9, and the CUDA libraries of ONNX Runtime; how to install them: ' +
    'https://github.com/ganscope/ganscope/blob/main/docs/install.md#cuda',
  webgpu:
    'on Linux it needs a Vulkan driver, its loader (libvulkan.so.1), and XDG_RUNTIME_DIR set to a folder of yours',
  cpu: 'reinstall onnxruntime-node',
};

const INSTALL =
  'to install it: npm install onnxruntime-node (where NuGet cannot be reached: with ONNXRUNTIME_NODE_INSTALL=skip in the environment)';

/**
 * The device to run on. Every device is tested on a small network with a known result. cuda and webgpu are tested in a
 * separate process, so that a missing or broken driver cannot print to the terminal or crash this process. `auto` skips a
 * webgpu that is slower than the CPU, such as a software driver.
 * @throws InputError saying what to install if the requested device does not work
 * @example
 * const { device, notes } = await resolveDevice('auto');
 * const generator = await Generator.load('generator.onnx', { device });
 */
export function resolveDevice(requested: Device): Promise<DeviceChoice> {
  const known = choices.get(requested) ?? chosenDevice(requested);
  choices.set(requested, known);
  known.catch(() => choices.delete(requested));
  return known;
}

async function chosenDevice(requested: Device): Promise<DeviceChoice> {
  if (requested === 'wasm') {
    throw new InputError({
      name: 'device',
      expected: 'one of auto, cuda, webgpu, cpu',
      got: 'wasm, which only browsers have',
    });
  }
  const problem = nativeProblem();
  if (problem !== undefined) return wasmChoice(requested, problem);
  // The CPU is not probed: loading the model shows whether it works.
  if (requested === 'cpu') return { device: 'cpu', notes: ['Device: cpu'] };
  if (requested !== 'auto') {
    const answer = await probed(requested);
    if ('milliseconds' in answer) return { device: requested, notes: [`Device: ${requested}`] };
    throw new InputError(`device ${requested}: does not work here (${answer.error}); ${ADVICE[requested]}`);
  }
  return autoChoice({ cuda: rememberedAnswer('cuda'), webgpu: rememberedAnswer('webgpu') });
}

/** The fastest device that works. @param known results of earlier processes */
async function autoChoice(known: Partial<Record<Native, ProbeAnswer | undefined>>): Promise<DeviceChoice> {
  // Both are tested in parallel; the order of preference is unchanged.
  const stop = new AbortController();
  const [cudaProbe, webgpuProbe] = [known.cuda ?? probed('cuda'), known.webgpu ?? probed('webgpu', stop.signal)];
  // A driver that worked may have gone since.
  const works = async (device: Native) => known[device] === undefined || (await opens(device));
  const cuda = await cudaProbe;
  if ('milliseconds' in cuda) {
    stop.abort();
    return (await works('cuda')) ? { device: 'cuda', notes: ['Device: cuda'] } : autoChoice({});
  }
  const notes = [`  not cuda: ${cuda.error}`];
  const webgpu = await webgpuProbe;
  if ('milliseconds' in webgpu) {
    const cpu = await probed('cpu');
    if ('error' in cpu) throw new InputError(`device auto: not even the CPU works (${cpu.error}); ${ADVICE.cpu}`);
    const slow = webgpu.milliseconds > Math.max(LATENCY, cpu.milliseconds);
    if (!slow) {
      if (!(await works('webgpu'))) return autoChoice({});
      return { device: 'webgpu', notes: ['Device: webgpu', ...notes], surprising: hasNvidia() };
    }
    const times = `${webgpu.milliseconds.toFixed(0)} ms against ${cpu.milliseconds.toFixed(1)} ms`;
    notes.push(`  not webgpu: slower than the CPU (${times}), probably a software driver`);
  } else {
    notes.push(`  not webgpu: ${webgpu.error}`);
  }
  return { device: 'cpu', notes: ['Device: cpu', ...notes], surprising: hasNvidia() || process.platform === 'darwin' };
}

/** Whether an NVIDIA driver is loaded; every Mac has a GPU that WebGPU can use. */
function hasNvidia(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync(`${process.env['SystemRoot']}\\System32\\nvcuda.dll`);
}

/** The device without onnxruntime-node: the CPU, with the WebAssembly build in this package. */
function wasmChoice(requested: Device, problem: string): DeviceChoice {
  if (requested === 'auto' || requested === 'cpu') {
    const notes = [`Device: cpu, by WebAssembly and slowly: ${problem}`, `  ${INSTALL}`];
    return { device: 'cpu', notes, surprising: true };
  }
  throw new InputError(`device ${requested}: does not work here (${problem}); ${INSTALL}`);
}

/** Whether a session on the device can be opened in this process. */
async function opens(device: Native): Promise<boolean> {
  try {
    const { probedMilliseconds } = await import('./probe.js');
    const { openSession } = await import('../runtime.node.js');
    await probedMilliseconds((model) => openSession(model, { device }));
    return true;
  } catch {
    return false;
  }
}

function probed(device: Native, signal?: AbortSignal): Promise<ProbeAnswer> {
  if (device === 'cpu') return probedHere();
  return probedInProcess(device, signal).then(async (answer) => {
    if (!signal?.aborted) await rememberAnswer(device, answer);
    return answer;
  });
}

async function probedHere(): Promise<ProbeAnswer> {
  try {
    const { probedMilliseconds } = await import('./probe.js');
    const { directSession } = await import('../direct-session.node.js');
    const { modelBytes } = await import('../../../onnx/files/write.js');
    return { milliseconds: await probedMilliseconds((model) => directSession(modelBytes(model))) };
  } catch (error) {
    return { error: essence(error instanceof Error ? error.message : String(error)) };
  }
}

function probedInProcess(device: Native, signal?: AbortSignal): Promise<ProbeAnswer> {
  const script = fileURLToPath(new URL('./probe-process.node.js', import.meta.url));
  disableTelemetry();
  const child = fork(script, [device], {
    silent: true,
    execArgv: [],
    timeout: TIMEOUT,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  });
  let answer: ProbeAnswer | undefined;
  let printed = '';
  child.on('message', (message: ProbeAnswer) => (answer = message));
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-100_000)));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ error: essence(error.message) }));
    child.on('close', (code, killedBy) => {
      if (signal?.aborted) resolve({ error: 'not needed' });
      else if (answer && 'milliseconds' in answer) resolve(answer);
      else if (answer) resolve({ error: essence(answer.error, printed) });
      else if (child.killed) resolve({ error: `no answer within ${TIMEOUT / 1000} s` });
      else resolve({ error: `the driver crashed (${killedBy ?? `exit code ${code}`})` });
    });
  });
}
