/** @file A sampling job that came as data, such as from a queue: checked as strictly as a command line, and opened. */
import { InputError } from '../../onnx/errors.js';
import { Generator } from '../networks/generator.js';
import { loadInputNumbers } from '../tasks/shared/given-inputs.node.js';
import { expectRunnable } from '../tasks/spec-files.node.js';
import { expectCommand, type JobPlace } from '../tasks/shared/opening.node.js';
import type { JobSpec } from '../tasks/spec.node.js';
import type { TaskJob } from '../tasks/job.js';
import { openSampling } from './bulk/sampling.node.js';
import { expectSamplingFiles, samplingWords } from './bulk/spec.node.js';
import { sampleJob } from './sample-job.node.js';
import { parsedRequest } from './words.node.js';

/**
 * Opens a job of `gan-sample` for a process that runs some of its tasks. Dispose of it when done.
 * @throws InputError for another version of the package, files with other contents, paths outside of the roots, and options out of
 *   range
 */
export async function openSamplingTasks(
  spec: JobSpec,
  { device = 'auto', roots }: Partial<JobPlace> = {},
): Promise<TaskJob<string[]>> {
  expectCommand(spec, 'gan-sample');
  const { model, words, range, inputs, preparation, shardSize, ...said } = samplingWords(spec);
  const job = sampleJob(parsedRequest(words));
  if (job.kind !== 'shards') throw new InputError({ name: 'job', expected: 'pictures in shards', got: job.kind });
  await expectRunnable(spec, roots);
  await expectSamplingFiles(spec);
  const generator = await Generator.load(model, {
    device,
    ...said.generator,
    inputs: await loadInputNumbers(inputs),
  });
  const context = { model, generator, inputs, preparation, ...(range && { range }) };
  try {
    const opened = await openSampling({ ...job, shardSize }, context, true);
    return {
      ...opened,
      async dispose() {
        await opened.dispose();
        await generator.dispose();
      },
    };
  } catch (error) {
    await generator.dispose();
    throw error;
  }
}
