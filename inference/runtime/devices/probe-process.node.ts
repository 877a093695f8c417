/** @file A process that probes one device and sends the result to its parent; see `devices.node.ts`. */
import { modelBytes } from '../../../onnx/files/write.js';
import { probedMilliseconds } from './probe.js';
import type { ResolvedDevice } from '../session.js';
import { directSession } from '../direct-session.node.js';

/** The result that is sent to the parent. */
export type ProbeAnswer = { milliseconds: number } | { error: string };

const answer: ProbeAnswer = await probedMilliseconds((model) =>
  directSession(modelBytes(model), { device: process.argv[2] as ResolvedDevice }),
).then(
  (milliseconds) => ({ milliseconds }),
  (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
);
// Exit immediately: driver threads may keep the process alive or crash during shutdown.
process.send?.(answer, () => process.exit());
