/** @file The thread of a `RemoteStep`: makes the step and answers one request after the other. */
import { serve } from '../../inference/runtime/thread.node.js';
import { createStep, type StepSource } from './create.node.js';
import type { StepRequest } from './remote.node.js';
import type { TrainStep } from './state/step.js';

await serve<StepSource, StepRequest>(async (source) => {
  const step = await createStep(source);
  return { ready: step.description, answer: async (request) => ({ value: await result(step, request) }) };
});

function result(step: TrainStep, request: StepRequest): Promise<unknown> {
  switch (request.call) {
    case 'run':
      return step.run(request.batch);
    case 'sample':
      return step.sample(request.latents);
    case 'state':
      return step.state();
    case 'dispose':
      return step.dispose();
  }
}
