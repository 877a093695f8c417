/** @file gan-probe walk. */
import { told } from '../common/flag-names.js';
import type { ProbeCall } from './kind.js';
import { oneMap, pairOptions, report } from './shared.js';

/** Explains a walk between latents. */
export async function runWalk({ options, taken, out, provenance, context }: ProbeCall): Promise<void> {
  const { Explainer, parsedBox, probeWalk } = await import('ganscope/explain');
  const { Generator, parsedSeeds, resolveModel } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { seeds, frames, loop, fps, format, box, palette, overlay, layer, device } = options;
  if (seeds === undefined) throw new InputError({ name: 'seeds', expected: 'at least two, such as 1,2', got: 'none' });
  const chosen = parsedSeeds(seeds);
  const region = box === undefined ? undefined : parsedBox(box, 'box');
  const made = await resolveModel('generator', options.generator);
  const judged = await resolveModel('discriminator', options.model);
  for (const { note } of [made, judged]) print.info(note);
  const { making, judging } = await pairOptions(options, made.path);
  const generator = await Generator.load(made.path, { ...making, device });
  try {
    await using explainer = await Explainer.load(judged.path, judging);
    const assumed = told(
      [...generator.assumptions, ...explainer.assumptions, ...explainer.layerAssumptions(layer)],
      taken,
    );
    for (const line of assumptionLines(assumed)) print.info(line);
    context.device(explainer.choice);
    const bar = context.progress('frames');
    const found = await probeWalk(explainer, generator, {
      ...(await oneMap(options, explainer.input)),
      out,
      model: judged.path,
      seeds: chosen,
      style: { ...(palette && { palette }), ...(overlay && { overlay }) },
      ...(frames !== undefined && { frames }),
      ...(loop !== undefined && { loop }),
      ...(fps !== undefined && { fps }),
      ...(format !== undefined && { format }),
      ...(region && { box: region }),
      signal,
      progress_callback: (done, total) => bar.update(done, total),
      provenance: { ...provenance, generator: made.path, device: explainer.choice.device, assumed },
    }).finally(() => bar.stop());
    report(context, found);
  } finally {
    await generator.dispose();
  }
}
