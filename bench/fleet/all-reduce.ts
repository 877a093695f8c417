/**
 * @file `npm run bench:all-reduce`: how long two ranks on loopback take to average the gradients of one step of the `space` preset.
 * Needs Python with torch; `GANSCOPE_PYTHON` names one.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { joinGroup } from '../../fleet/all-reduce/sidecar.node.js';
import { machine, median } from '../timing.js';

/** Trained numbers of the two networks. */
const NUMBERS = [3_806_080, 2_765_696];
const ROUNDS = 30;

if (process.env['RANK'] === undefined) {
  const python = process.env['GANSCOPE_PYTHON'] ?? 'python3';
  const self = fileURLToPath(import.meta.url);
  const words = ['-m', 'torch.distributed.run', '--nproc-per-node=2', '--no-python', process.execPath, self];
  const env = { ...process.env, GANSCOPE_PYTHON: python, OMP_NUM_THREADS: '1' };
  process.exitCode = spawnSync(python, words, { stdio: 'inherit', env }).status ?? 1;
} else {
  const group = await joinGroup({ backend: 'gloo' });
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const gradients = NUMBERS.map((count) => new Float32Array(count).fill(group.rank));
    const started = performance.now();
    for (const values of gradients) {
      const mean = await group.mean(values);
      if (mean[0] !== (group.size - 1) / 2) throw new Error(`the mean is ${mean[0]}`);
    }
    // The first one is a warm-up.
    if (round > 0) times.push(performance.now() - started);
  }
  if (group.rank === 0) {
    console.log(`${machine()}, load ${loadavg()[0]?.toFixed(1)}; ${group.description}`);
    const [least, middle, most] = [Math.min(...times), median(times), Math.max(...times)].map((time) =>
      time.toFixed(0),
    );
    console.log(`both updates of a step, 26.3 MB: ${middle} ms (median of ${ROUNDS}; ${least} to ${most})`);
  }
  await group.close();
}
