/** @file Tests a device with a small network with a known result, and measures its speed. */
import { GraphBuilder, modelOfGraph } from '../../../onnx/build/build.js';
import type { Model } from '../../../onnx/graph/graph.js';
import { float32Tensor } from '../../../onnx/graph/tensor.js';
import type { Session } from '../session.js';

const CHANNELS = 64;
const SIZE = 34;
/** On ones, kernels of k/64 give 9k in channel k; each factor is exact also where a device rounds factors to 11 bits. */
const EXPECTED = (9 * CHANNELS * (CHANNELS - 1)) / 2;
const TIMED_RUNS = 2;

/** A convolution of 75 MFLOP, its mean over positions, and the sum over channels by a matrix product. */
function probeModel() {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [1, CHANNELS, SIZE, SIZE]);
  const perKernel = CHANNELS * 9;
  const kernels = Float32Array.from({ length: CHANNELS * perKernel }, (_, i) => Math.floor(i / perKernel) / CHANNELS);
  const maps = b.op('Conv', [x, b.initializer('w', float32Tensor(kernels, [CHANNELS, CHANNELS, 3, 3]))]);
  const means = b.reduceMean(maps, [2, 3], false);
  const ones = b.initializer('ones', float32Tensor(new Float32Array(CHANNELS).fill(1), [CHANNELS, 1]));
  b.output(b.matMul(means, ones), 'y');
  return modelOfGraph(b.graph);
}

/**
 * Runs a small network on a device. ONNX Runtime's native GPU providers may print, crash or hang if a driver is missing
 * or broken, so they should be probed in a separate process.
 * @param opened opens a session on the device
 * @returns milliseconds of a run after the first one
 * @throws Error if the device is not available or gives a wrong result
 */
export async function probedMilliseconds(opened: (model: Model) => Promise<Session>): Promise<number> {
  const session = await opened(probeModel());
  try {
    let fastest = Infinity;
    for (let run = 0; run <= TIMED_RUNS; run++) {
      const data = new Float32Array(CHANNELS * SIZE * SIZE).fill(1);
      const x = { type: 'float32', data, dims: [1, CHANNELS, SIZE, SIZE] } as const;
      const started = performance.now();
      const y = (await session.run({ x }))['y']?.data[0];
      if (run > 0) fastest = Math.min(fastest, performance.now() - started);
      if (typeof y !== 'number' || !(Math.abs(y - EXPECTED) <= 1e-3 * EXPECTED)) {
        throw new Error(`wrong result: expected ${EXPECTED}; got ${String(y)}`);
      }
    }
    return fastest;
  } finally {
    await session.release();
  }
}
