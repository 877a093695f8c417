/** @file gan-probe generator. */
import type { ProbeCall } from './kind.js';
import { generatorOptions, report } from './shared.js';

/** Attributes a region of a generator's picture. */
export async function runGenerator({ options, out, provenance, context }: ProbeCall): Promise<void> {
  const { parsedBox, probeGenerator } = await import('ganscope/explain');
  const { Generator, resolveModel } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { seed = 0, box, at, layer, directions, distance, device } = options;
  if (box !== undefined && at !== undefined) throw new InputError({ name: 'box', conflictsWith: 'at' });
  const given = box ?? at;
  if (given === undefined)
    throw new InputError({ name: 'box', expected: 'x,y,width,height, or --at x,y', got: 'none' });
  const region = parsedBox(given, box === undefined ? 'at' : 'box');
  const { path, note } = await resolveModel('generator', options.model);
  print.info(note);
  const opening = { ...(await generatorOptions(options)), device };
  const generator = await Generator.load(path, opening);
  try {
    for (const line of assumptionLines(generator.assumptions)) print.info(line);
    context.device(generator.choice);
    const made = await probeGenerator(generator, {
      ...opening,
      out,
      model: path,
      seed,
      box: region,
      signal,
      ...(layer !== undefined && { layer }),
      ...(directions !== undefined && { directions }),
      ...(distance !== undefined && { distance }),
      provenance: { ...provenance, device: generator.choice.device, assumed: generator.assumptions },
    });
    report(context, made);
  } finally {
    await generator.dispose();
  }
}
