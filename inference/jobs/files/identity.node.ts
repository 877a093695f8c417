/** @file What the pictures of a job are made from, as its journal states it. */
import { fileDigest } from '../../files/same-job.node.js';
import { discriminatorBeside } from '../../runs/default-model.node.js';
import type { Ranking } from '../options/ranking.js';
import type { JobContext } from '../shared/context.node.js';
import type { LatentRows } from '../shared/latent-rows.node.js';
import type { JobIdentity } from './journal.node.js';

/** Two jobs that agree in this make the same pictures in the same order. What nobody stated is left out. */
export async function pictureIdentity(
  { truncation, ranking }: { truncation: number | undefined; ranking: Ranking | undefined },
  latents: LatentRows,
  { model, generator: { label, latentDim, range }, preparation }: JobContext,
): Promise<JobIdentity> {
  return {
    model: await fileDigest(model),
    latents: latents.identity,
    latentDim,
    truncation: truncation ?? null,
    discriminator: ranking ? await fileDigest(await discriminatorBeside(model, ranking.discriminator)) : null,
    ...(label !== undefined && { label }),
    ...(range !== 'tanh' && { range: JSON.stringify(range) }),
    ...(ranking && preparation && { preparation: JSON.stringify(preparation) }),
  };
}
