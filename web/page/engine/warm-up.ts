/** @file Loads the runtime while the page still fetches its networks, so that the first picture comes sooner. */
import { openSession } from '#runtime';
import { GraphBuilder, modelOfGraph } from 'ganscope/onnx';
import { workingDevice } from './networks.js';

/** Opens and runs the smallest network on the device that networks will run on. What fails here fails again, with a reason, later. */
export async function warmUp(): Promise<void> {
  const b = new GraphBuilder();
  b.output(b.add(b.input('x', 'float32', [1]), b.scalar(1)), 'y');
  const device = await workingDevice();
  const session = await openSession(modelOfGraph(b.graph), { device: device === 'webgpu' ? 'webgpu' : 'wasm' });
  await session.run({ x: { type: 'float32', data: new Float32Array(1), dims: [1] } });
  await session.release();
}
