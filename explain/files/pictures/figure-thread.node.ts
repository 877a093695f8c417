/** @file The thread that draws figures; see `drawn-figure.node.ts`. */
import { serve } from '../../../inference/runtime/thread.node.js';
import { drawnFigure, type FigureContent } from './drawn-figure.node.js';

await serve<null, FigureContent>(async () => ({
  ready: null,
  answer: async (content) => {
    const bytes = await drawnFigure(content);
    const { buffer, byteLength } = bytes;
    // Bytes that share their buffer with others are copied.
    const own = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    return { value: bytes, transfer: own ? [buffer] : [] };
  },
}));
