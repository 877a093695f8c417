/** @file What several kinds of gan-probe share. */
import type { Explainer, ExplainerOptions, MethodName, ParsedTarget, TargetChoice } from 'ganscope/explain';
import type { GeneratorOptions } from 'ganscope/inference';
import type { ProbeContext, ProbeOptions } from './kind.js';

/** How a generator is loaded. */
export async function generatorOptions({
  range,
  label,
  input = [],
  ...options
}: ProbeOptions): Promise<GeneratorOptions> {
  const { loadInputNumbers, parsedInputs, parsedRange } = await import('ganscope/inference');
  const latentDim = options['latent-dim'];
  const latentDistribution = options['latent-distribution'];
  return {
    ...(range !== undefined && { range: parsedRange(range) }),
    ...(latentDim !== undefined && { latentDim }),
    ...(latentDistribution !== undefined && { latentDistribution }),
    ...(label !== undefined && { label }),
    inputs: await loadInputNumbers(parsedInputs(input)),
  };
}

/** How a network that is explained is loaded. */
export async function explainerOptions(options: ProbeOptions): Promise<ExplainerOptions> {
  const { parsedPreparation } = await import('ganscope/inference');
  const { device, output, mean, std, size, resize, channels, label } = options;
  const preparation = parsedPreparation({
    mean,
    std,
    size,
    resize,
    channels,
    channelOrder: options['channel-order'],
    channelsLast: options['channels-last'],
  });
  return { device, preparation, ...(output !== undefined && { output }), ...(label !== undefined && { label }) };
}

/**
 * How a generator and the network that judges its pictures are loaded. A label is the generator's, and the network is asked about the
 * same class if it has classes; where the generator has none, the label is the network's, which refuses it if it has none either.
 * @param generator its file
 */
export async function pairOptions(
  options: ProbeOptions,
  generator: string,
): Promise<{ making: GeneratorOptions; judging: ExplainerOptions }> {
  const { label, ...others } = options;
  const isLeft = label !== undefined && !(await takesClasses(generator, options.input));
  if (isLeft) return { making: await generatorOptions(others), judging: await explainerOptions(options) };
  const judging = await explainerOptions(others);
  return {
    making: await generatorOptions(options),
    judging: label === undefined ? judging : { ...judging, defaultLabel: () => ({ label, because: SAME_CLASS }) },
  };
}

/** Whether a generator has inputs besides latents and those that are given or have no numbers. */
async function takesClasses(file: string, input: readonly string[] = []): Promise<boolean> {
  const { loadModel } = await import('ganscope/onnx');
  const { parsedInputs } = await import('ganscope/inference');
  const given = Object.keys(parsedInputs(input));
  const { inputs } = (await loadModel(file)).graph;
  return inputs.filter(({ name, value }) => !given.includes(name) && !value?.shape?.slice(1).includes(0)).length > 1;
}

const SAME_CLASS = "as the generator's";

/** The one target of a probe whose picture is not known before, so that no target may be a file. @throws InputError for others */
export async function oneTarget(targets: readonly ParsedTarget[] = []): Promise<TargetChoice | undefined> {
  const { InputError } = await import('ganscope/errors');
  const [only, ...more] = targets;
  const expected = 'one target, without a mask';
  if (more.length > 0) throw new InputError({ name: 'target', expected, got: `${1 + more.length}` });
  if (typeof only !== 'object' || 'top' in only || 'minus' in only || 'region' in only) return only;
  throw new InputError({ name: 'target', expected, got: 'maskFile' in only ? only.maskFile : 'several' });
}

/** The one target of a probe of pictures, masks read. @throws InputError for several */
export async function loadedTarget(
  target: string | undefined,
  input: Explainer['input'],
): Promise<TargetChoice | undefined> {
  const { loadTargets, parsedTargets } = await import('ganscope/explain');
  const { InputError } = await import('ganscope/errors');
  const [one, ...more] = (await loadTargets(parsedTargets(target), input)) ?? [];
  if (more.length > 0) throw new InputError({ name: 'target', expected: 'one target', got: JSON.stringify(target) });
  return one;
}

/** The one method and target of a probe. @throws InputError for several */
export async function oneMap({ method, target, layer }: ProbeOptions, input: Explainer['input']) {
  const { parsedMethods } = await import('ganscope/explain');
  const { InputError } = await import('ganscope/errors');
  const [name, ...more] = parsedMethods(method ?? 'gradcam');
  if (method?.trim() === 'all' || more.length > 0)
    throw new InputError({ name: 'method', expected: 'one method', got: JSON.stringify(method) });
  const one = await loadedTarget(target, input);
  return {
    method: name as MethodName,
    ...(one !== undefined && { target: one }),
    ...(layer !== undefined && { layers: layer }),
  };
}

/** Prints what a probe found, and its files. */
export function report({ print }: ProbeContext, made: { lines: readonly string[]; files: readonly string[] }): void {
  print.result(made.lines.join('\n'), { lines: made.lines, files: made.files });
  print.info('Files:');
  for (const file of made.files) print.info(`  ${file}`);
}
