/** @file gan-probe concepts. */
import { told } from '../common/flag-names.js';
import type { ProbeCall } from './kind.js';
import { explainerOptions, loadedTarget, report } from './shared.js';

/** Finds the concepts of a layer in pictures. */
export async function runConcepts({ options, taken, sources, out, provenance, context }: ProbeCall): Promise<void> {
  const { conceptMethods, Explainer, probeConcepts } = await import('ganscope/explain');
  const { picturePaths, resolveModel } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { method: name, layer, count, crop, runs, seed, palette, overlay } = options;
  const method = conceptMethods.find((each) => each === (name ?? 'craft'));
  if (!method)
    throw new InputError({
      name: 'method',
      expected: `one of ${conceptMethods.join(', ')}`,
      got: JSON.stringify(name),
    });
  if (crop !== undefined && method !== 'craft')
    throw new InputError({ name: 'crop', expected: 'an option of --method craft', got: method });
  const { path: model, note } = await resolveModel('discriminator', options.model);
  const { paths, skipped } = await picturePaths(sources);
  print.info(note);
  await using explainer = await Explainer.load(model, { ...(await explainerOptions(options)), signal });
  context.device(explainer.choice);
  const target = await loadedTarget(options.target, explainer.input);
  let bar: { unit: string; bar: ReturnType<typeof context.progress> } | undefined;
  const found = await probeConcepts(explainer, paths, {
    out,
    model,
    method,
    signal,
    style: { ...(palette && { palette }), ...(overlay && { overlay }) },
    ...(layer !== undefined && { layer }),
    ...(target !== undefined && { target }),
    ...(count !== undefined && { count }),
    ...(crop !== undefined && { crop }),
    ...(runs !== undefined && { runs }),
    ...(seed !== undefined && { seed }),
    progress_callback: (unit, done, total) => {
      if (bar?.unit !== unit) {
        bar?.bar.stop();
        bar = { unit, bar: context.progress(unit) };
      }
      bar.bar.update(done, total);
    },
    onAssumed: (assumptions) => assumptionLines(told(assumptions, taken)).forEach((line) => print.info(line)),
    provenance: { ...provenance, device: explainer.choice.device },
  }).finally(() => bar?.bar.stop());
  report(context, found);
  context.skipped([...skipped, ...found.skipped]);
}
