/** @file gan-probe nearest. */
import { told } from '../common/flag-names.js';
import type { ProbeCall } from './kind.js';
import { explainerOptions, report } from './shared.js';

/** Finds the pictures of a folder that are nearest by features. */
export async function runNearest({ options, taken, sources, out, provenance, context }: ProbeCall): Promise<void> {
  const { probeNearest } = await import('ganscope/explain');
  const { picturePaths, resolveDevice, resolveModel } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { among, layer, count, metric } = options;
  if (among === undefined) throw new InputError({ name: 'among', expected: 'a folder of pictures', got: 'none' });
  const { path: model, note } = await resolveModel('discriminator', options.model);
  const [wanted, candidates] = [await picturePaths(sources), await picturePaths([among])];
  print.info(note);
  const choice = await resolveDevice(options.device);
  context.device(choice);
  const bar = context.progress('pictures');
  const found = await probeNearest(wanted.paths, candidates.paths, {
    loading: await explainerOptions(options),
    model,
    out,
    signal,
    ...(layer !== undefined && { layer }),
    ...(count !== undefined && { count }),
    ...(metric !== undefined && { distance: metric }),
    progress_callback: (done, total) => bar.update(done, total),
    onAssumed: (assumptions) => assumptionLines(told(assumptions, taken)).forEach((line) => print.info(line)),
    provenance: { ...provenance, device: choice.device },
  }).finally(() => bar.stop());
  report(context, found);
  context.skipped([...wanted.skipped, ...candidates.skipped, ...found.skipped]);
}
