/** @file gan-probe maximise. */
import { told } from '../common/flag-names.js';
import type { ProbeCall } from './kind.js';
import { explainerOptions, pairOptions, report } from './shared.js';

/** Finds the pictures, or latents, that classes or channels respond to most. */
export async function runMaximise({ options, taken, sources, out, provenance, context }: ProbeCall): Promise<void> {
  const { loadLabels, probeMaximise } = await import('ganscope/explain');
  const { resolveModel } = await import('ganscope/inference');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { steps, rate, seed, parameterization, jitter, zoom, tv, l2, blur, every, labels } = options;
  const objectives = await chosenObjectives(options);
  const judged = await resolveModel('discriminator', sources[0]);
  print.info(judged.note);
  const source = await chosenGenerator(options);
  if (source !== undefined) print.info(`Generator: ${source}`);
  const { making, judging } =
    source === undefined
      ? { making: undefined, judging: await explainerOptions(options) }
      : await pairOptions(options, source);
  const bar = context.progress('steps');
  const made = await probeMaximise({
    ...judging,
    ...objectives,
    ...Object.fromEntries(
      Object.entries({ steps, rate, seed, parameterization, jitter, zoom, tv, l2, blur, every }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
    ...(source !== undefined && { generator: { ...making, source } }),
    ...(labels !== undefined && { labels: await loadLabels(labels) }),
    out,
    model: judged.path,
    signal,
    provenance: { ...provenance, ...(source !== undefined && { generator: source }) },
    onAssumed: (assumptions) => {
      for (const line of assumptionLines(told(assumptions, taken))) print.info(line);
    },
    progress_callback: (done, total, note) => bar.update(done, total, note),
  }).finally(() => bar.stop());
  report(context, made);
}

/** The targets or channels. @throws InputError for both, or masks */
async function chosenObjectives({ target, layer, channel }: ProbeCall['options']) {
  const { parsedTargets } = await import('ganscope/explain');
  const { parsedSeeds } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  if (channel !== undefined && target !== undefined) throw new InputError({ name: 'target', conflictsWith: 'channel' });
  if (channel !== undefined)
    return { units: { ...(layer !== undefined && { layer }), channels: parsedSeeds(channel, 'channel') } };
  if (layer !== undefined) throw new InputError({ name: 'channel', expected: 'a channel of --layer', got: 'none' });
  const parsed = parsedTargets(target)?.flatMap((each) =>
    typeof each === 'object' && 'several' in each ? each.several : [each],
  );
  if (parsed === undefined) return {};
  const targets = parsed.map((each) => {
    if (typeof each !== 'object' || !('maskFile' in each)) return each;
    throw new InputError({ name: 'target', expected: 'a target without a mask', got: each.maskFile });
  });
  return { targets };
}

/** The file of the generator whose latent is searched, if there is one. @throws InputError for options of a generator without one */
async function chosenGenerator(options: ProbeCall['options']): Promise<string | undefined> {
  const { resolveModel } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  if (options.generator === undefined) {
    const alone = (['range', 'latent-dim', 'latent-distribution', 'input'] as const).find(
      (name) => options[name] !== undefined,
    );
    if (alone === undefined) return undefined;
    throw new InputError({ name: alone, expected: 'it with --generator only', got: String(options[alone]) });
  }
  return (await resolveModel('generator', options.generator === 'run' ? undefined : options.generator)).path;
}
