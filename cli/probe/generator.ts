/** @file gan-probe generator. */
import { told } from '../common/flag-names.js';
import { networkFlags } from './flags.js';
import type { ProbeCall } from './kind.js';
import { generatorOptions, oneTarget, pairOptions, report } from './shared.js';

/** Attributes a region of a generator's picture, or the score that a discriminator gives it. */
export async function runGenerator({ options, taken, out, provenance, context }: ProbeCall): Promise<void> {
  const { probeGenerator, probeScore } = await import('ganscope/explain');
  const { Generator, resolveModel } = await import('ganscope/inference');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { seed = 0, layer, directions, distance, device } = options;
  const region = await givenRegion(options);
  const { path, note } = await resolveModel('generator', options.model);
  print.info(note);
  const { making, judging = {} } = region
    ? { making: await generatorOptions(options) }
    : await pairOptions(options, path);
  const opening = { ...making, device };
  const generator = await Generator.load(path, opening);
  try {
    for (const line of assumptionLines(generator.assumptions)) print.info(line);
    context.device(generator.choice);
    const common = {
      ...opening,
      out,
      model: path,
      seed,
      signal,
      ...(layer !== undefined && { layer }),
      ...(distance !== undefined && { distance }),
    };
    const origin = { ...provenance, device: generator.choice.device };
    if (region) {
      const given = { box: region, ...(directions !== undefined && { directions }) };
      const own = { ...origin, assumed: generator.assumptions };
      report(context, await probeGenerator(generator, { ...common, ...given, provenance: own }));
      return;
    }
    const { parsedTargets } = await import('ganscope/explain');
    const target = await oneTarget(parsedTargets(options.target));
    const assumed = [...generator.assumptions];
    const made = await probeScore(generator, {
      ...common,
      ...(options.discriminator && { discriminator: options.discriminator }),
      judging,
      ...(target !== undefined && { target }),
      provenance: { ...origin, assumed },
      onAssumed: (assumptions) => {
        assumed.push(...told(assumptions, taken));
        for (const line of assumptionLines(told(assumptions, taken))) print.info(line);
      },
    });
    report(context, made);
  } finally {
    await generator.dispose();
  }
}

/** The region that is explained; undefined for the score of a discriminator. @throws InputError for both or neither */
async function givenRegion(options: ProbeCall['options']) {
  const { parsedBox } = await import('ganscope/explain');
  const { InputError } = await import('ganscope/errors');
  const { box, at, directions, discriminator } = options;
  if (discriminator !== undefined) {
    for (const [name, value] of Object.entries({ box, at, directions }))
      if (value !== undefined) throw new InputError({ name, conflictsWith: 'discriminator' });
    return undefined;
  }
  const alone = (['target', ...networkFlags] as const).find((name) => options[name] !== undefined);
  if (alone !== undefined)
    throw new InputError({ name: alone, expected: 'it with --discriminator only', got: String(options[alone]) });
  if (box !== undefined && at !== undefined) throw new InputError({ name: 'box', conflictsWith: 'at' });
  const given = box ?? at;
  if (given === undefined) {
    const expected = 'x,y,width,height, or --at x,y, or --discriminator';
    throw new InputError({ name: 'box', expected, got: 'none' });
  }
  return parsedBox(given, box === undefined ? 'at' : 'box');
}
