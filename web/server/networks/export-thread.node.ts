/** @file The thread that exports checkpoints; see `checkpoint-networks.node.ts`. */
import { serve } from '../../../inference/runtime/thread.node.js';
import { exportRun } from '../../../trainer/run/export.node.js';

/** What is exported, and where to. */
export interface ExportRequest {
  checkpoint: string;
  out: string;
}

await serve<null, ExportRequest>(async () => ({
  ready: null,
  answer: async (request) => {
    const { files } = await exportRun(request);
    return { value: files.every(({ passed }) => passed) };
  },
}));
