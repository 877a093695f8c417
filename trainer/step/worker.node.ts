/** @file The thread that `RemoteStep` talks to: makes the step and answers one request after the other. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { createdStep, type StepSource } from './create.node.js';
import type { Reply, Request } from './remote.node.js';
import type { TrainStep } from './step.js';

const port = parentPort as MessagePort;
const step = await answer(0, async () => {
  const made = await createdStep(workerData as StepSource);
  return { value: made.description, made };
});

if (step) {
  let last: Promise<unknown> = Promise.resolve();
  port.on('message', (request: Request) => {
    last = last.then(() => answer(request.id, async () => ({ value: await result(step.made, request) })));
  });
}

function result(target: TrainStep, request: Request): Promise<unknown> {
  switch (request.call) {
    case 'run':
      return target.run(request.batch);
    case 'sample':
      return target.sample(request.latents);
    case 'state':
      return target.state();
    case 'dispose':
      return target.dispose();
  }
}

async function answer<T extends { value: unknown }>(id: number, work: () => Promise<T>): Promise<T | undefined> {
  try {
    const done = await work();
    port.postMessage({ id, value: done.value } satisfies Reply);
    return done;
  } catch (error) {
    const { name, message, stack } = error as Error;
    port.postMessage({ id, error: { name, message, ...(stack && { stack }) } } satisfies Reply);
    return undefined;
  }
}
