/** @file The thread that converts layers models and compares them with tfjs; see `export-layers-file.node.ts`. */
import { serve } from '../../inference/runtime/thread.node.js';
import { madeExport, type ExportRequest } from './layers-export.node.js';

await serve<null, ExportRequest>(async () => ({
  ready: null,
  answer: async (request) => {
    const made = await madeExport(request);
    return { value: made, transfer: [made.bytes.buffer as ArrayBuffer] };
  },
}));
