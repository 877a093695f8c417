/** @file Notices when the browser takes WebGPU away: runs would wait for ever. */

/** The part of WebGPU that is used here; TypeScript's library does not declare it yet. */
interface GpuDevice {
  lost: Promise<{ message: string }>;
}

let watched: GpuDevice | undefined;

/** Tells the page when the device of the runtime is lost. */
export async function watchDevice(): Promise<void> {
  const { env } = await import('onnxruntime-web/webgpu');
  const device = (await env.webgpu.device) as unknown as GpuDevice | undefined;
  if (!device || device === watched) return;
  watched = device;
  const { message } = await device.lost;
  postMessage({ lost: message });
}
