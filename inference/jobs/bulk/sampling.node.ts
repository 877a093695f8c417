/** @file A job of pictures in shards as tasks: scores first where they are sorted, then the pictures. */
import { join } from 'node:path';
import { shownPath } from '../../files/copies.node.js';
import { furtherFile } from '../../files/output-folder.node.js';
import { expectWritable } from '../../../onnx/files/disk/writable.node.js';
import { CLASSES_FILE, saveClasses } from '../files/classes-file.node.js';
import { saveLatentRows } from '../../latent/files/stream.node.js';
import type { Discriminator } from '../../networks/discriminator.js';
import { expectComplete } from '../../tasks/run.js';
import { jobId } from '../../tasks/spec.node.js';
import type { TaskJob } from '../../tasks/job.js';
import { packageVersion } from '../../tasks/version.node.js';
import { networkFiles, pictureIdentity } from '../files/identity.node.js';
import type { Journal } from '../files/journal.node.js';
import { RANKING_FILE } from '../files/ranking-file.node.js';
import { shardNumbering } from '../files/sinks.node.js';
import type { ShardsJob } from '../kinds/shards.js';
import { keptCount } from '../options/ranking.js';
import type { JobContext } from '../shared/context.node.js';
import { latentRows, type LatentRows } from '../shared/latent-rows.node.js';
import { loadDiscriminator, rankedRows } from '../shared/ranking.node.js';
import { picturesStage } from './pictures-stage.node.js';
import { partNumbering, scoresStage } from './scores-stage.node.js';
import { openBulkFolder } from './shared-folder.node.js';
import { samplingSpec } from './spec.node.js';

/**
 * Opens a job in its folder. Its tasks may run here, or in any process that opens the same job. Dispose of it when done.
 * @param shared whether other processes do parts of it
 * @param completes whether it must have begun: nothing is written where it has not
 * @throws InputError if the folder holds another job than the one to go on with, or files of others
 */
export async function openSampling(
  job: ShardsJob,
  context: JobContext,
  shared: boolean,
  completes = false,
): Promise<TaskJob<string[]>> {
  const { generator, model } = context;
  // Refused before anything is written.
  if (generator.label === 'all') generator.labelsOf(new Float32Array());
  const { ranking, format, shardSize, out } = job;
  const source = await latentRows(job.source, generator, job.truncation);
  const count = ranking ? keptCount(ranking, source.count) : source.count;
  const files = {
    names: [...(ranking ? [RANKING_FILE] : []), ...(generator.classes ? [CLASSES_FILE] : [])],
    numbered: shardNumbering(format, count, shardSize),
    ...(ranking && { parts: partNumbering(source.count, shardSize) }),
  };
  const { saveLatents } = job;
  const ownLatents = saveLatents === undefined ? undefined : furtherFile(out, files, saveLatents, 'saveLatents');
  if (saveLatents !== undefined) await expectWritable(saveLatents, 'saveLatents');
  const networks = await networkFiles(model, ranking);
  const pictures = pictureIdentity(job, source, context, networks);
  const identity = { ...pictures, format, shardSize, version: packageVersion() };
  const spec = await samplingSpec(job, context, networks);
  const assumed = [...generator.assumptions];
  const opened: Discriminator[] = [];
  let opening: Promise<Discriminator> | undefined;
  const discriminator = () => (opening ??= openDiscriminator());
  const describe = async (): Promise<Journal> => {
    // What is assumed of the discriminator belongs to the description.
    if (ranking) await discriminator();
    return { job: job.kind, generator: shownPath(model), identity, files, assumed, count };
  };
  const { resume, overwrite } = job;
  const request = { describe, identity: { identity, count }, shared, completes, resume, overwrite };
  const folder = await openBulkFolder(out, request).catch(async (error: unknown) => {
    for (const each of opened) await each.dispose();
    throw error;
  });

  const scores = ranking && scoresStage(job, source, count, discriminator, folder, context);
  const latents = async (): Promise<LatentRows> => (scores ? rankedRows(source, await scores.ranked()) : source);
  const stage = picturesStage(job, count, latents, folder, context);
  return {
    id: jobId(spec),
    spec,
    stages: scores ? [scores, stage] : [stage],
    async finish({ signal, complete }) {
      if (!complete) expectComplete(out, await stage.tasks(), await stage.missing());
      if (ownLatents !== undefined) await folder.own(ownLatents);
      if (saveLatents !== undefined)
        await saveLatentRows(saveLatents, count, generator.latentDim, await latents(), signal);
      if (generator.classes) await saveClasses(join(out, CLASSES_FILE), count, await latents(), generator, signal);
      if (scores) {
        await scores.ranked();
        await scores.removeParts();
      }
      return [out];
    },
    async dispose() {
      for (const each of opened) await each.dispose();
      await folder.release();
    },
  };

  async function openDiscriminator(): Promise<Discriminator> {
    const own = await loadDiscriminator(ranking?.discriminator, {
      ...context,
      assumed: (assumptions) => {
        assumed.push(...assumptions.map((each) => ({ ...each, about: `${each.about} of the discriminator` })));
        context.assumed?.(assumptions);
      },
    });
    opened.push(own);
    return own;
  }
}
