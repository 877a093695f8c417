/** @file What several kinds of gan-probe share. */
import type { GeneratorOptions } from 'ganscope/inference';
import type { ProbeContext, ProbeOptions } from './kind.js';

/** How a generator is loaded. */
export async function generatorOptions({ range, label, ...options }: ProbeOptions): Promise<GeneratorOptions> {
  const { parsedLabel, parsedRange } = await import('ganscope/inference');
  const latentDim = options['latent-dim'];
  return {
    ...(range !== undefined && { range: parsedRange(range) }),
    ...(latentDim !== undefined && { latentDim }),
    ...(label !== undefined && { label: parsedLabel(label) }),
  };
}

/** Prints what a probe found, and its files. */
export function report({ print }: ProbeContext, made: { lines: readonly string[]; files: readonly string[] }): void {
  print.result(made.lines.join('\n'), { lines: made.lines, files: made.files });
  print.info('Files:');
  for (const file of made.files) print.info(`  ${file}`);
}
