/** @file What the pictures of a job are made from, as its journal states it. */
import { discriminatorBeside } from '../../runs/default-model.node.js';
import { modelFiles } from '../../tasks/shared/model-files.node.js';
import type { JobFile } from '../../tasks/spec.node.js';
import type { Ranking } from '../options/ranking.js';
import { digestOfNumbers, digestOfList } from '../../files/same-job.node.js';
import type { GivenNumbers } from '../../generators/given-numbers.js';
import type { InputNumbers } from '../../graphs/further-inputs.js';
import type { JobContext } from '../shared/context.node.js';
import type { LatentRows } from '../shared/latent-rows.node.js';
import type { JobIdentity } from './journal.node.js';

/** Roles of the networks of a job. */
export const GENERATOR = 'generator';
export const DISCRIMINATOR = 'discriminator';

/** The files of a job's networks, with weights that are apart. @throws InputError if one cannot be read */
export async function networkFiles(model: string, ranking: Ranking | undefined): Promise<JobFile[]> {
  const files = await modelFiles(GENERATOR, model);
  if (ranking)
    files.push(...(await modelFiles(DISCRIMINATOR, await discriminatorBeside(model, ranking.discriminator))));
  return files;
}

/**
 * Two jobs that agree in this make the same pictures in the same order. What nobody stated is left out.
 * @param networks what `networkFiles` found
 */
export function pictureIdentity(
  { truncation, ranking }: { truncation: number | undefined; ranking: Ranking | undefined },
  latents: LatentRows,
  { generator: { label, latentDim, latentDistribution, range, inputs }, preparation = {} }: JobContext,
  networks: readonly JobFile[],
): JobIdentity {
  const digests = Object.fromEntries(networks.map(({ role, sha256 }) => [role, `sha256:${sha256}`]));
  const { [GENERATOR]: generator = null, [DISCRIMINATOR]: discriminator = null, ...apart } = digests;
  return {
    model: generator,
    latents: latents.identity,
    latentDim,
    truncation: truncation ?? null,
    discriminator,
    ...apart,
    ...(latentDistribution !== 'normal' && { latentDistribution }),
    ...(label !== undefined && { label }),
    ...(Object.keys(inputs).length > 0 && { inputs: digestOfInputs(inputs) }),
    ...(range !== 'tanh' && { range: JSON.stringify(range) }),
    ...(ranking && { preparation: JSON.stringify(preparation) }),
  };
}

function digestOfInputs(inputs: GivenNumbers): string {
  const names = Object.keys(inputs).toSorted();
  return digestOfList(names.flatMap((name) => [name, digestOfNumbers(inputs[name] as InputNumbers)]));
}
