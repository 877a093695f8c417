/** @file The thread of a `RemoteStep`: makes the step and answers one request after the other. */
import { serve } from '../../inference/runtime/thread.node.js';
import { createStep, type StepSource } from './create.node.js';
import type { StepRequest } from './remote.node.js';
import type { StepBatch, StepResult, TrainStep } from './state/step.js';
import { stepError } from './too-large.js';

await serve<StepSource, StepRequest>(async (source) => {
  const explained = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      throw stepError(error, source.config);
    });
  const step = await explained(createStep(source));
  return { ready: step.description, answer: async (request) => ({ value: await explained(result(step, request)) }) };
});

function result(step: TrainStep, request: StepRequest): Promise<unknown> {
  switch (request.call) {
    case 'run':
      return step.run(request.batch);
    case 'runAll':
      return allResults(step, request.batches);
    case 'sample':
      return step.sample(request.latents, request.labels);
    case 'state':
      return step.state();
    case 'dispose':
      return step.dispose();
  }
}

async function allResults(step: TrainStep, batches: readonly StepBatch[]): Promise<StepResult[]> {
  if (step.runAll) return step.runAll(batches);
  const results: StepResult[] = [];
  for (const batch of batches) results.push(await step.run(batch));
  return results;
}
