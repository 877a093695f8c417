/** @file The worker that runs the networks, so that the page stays responsive. */
import { calls } from './engine/calls.js';
import { warmUp } from './engine/warm-up.js';

warmUp().catch(() => {});

/** One call of the page. */
interface Call {
  id: number;
  call: keyof typeof calls;
  args: unknown[];
}

addEventListener('message', ({ data }: MessageEvent<Call>) => {
  const { id, call, args } = data;
  const answer = (calls[call] as (...given: unknown[]) => Promise<unknown>)(...args);
  answer.then(
    (value) => postMessage({ id, value }),
    (error: unknown) => postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
