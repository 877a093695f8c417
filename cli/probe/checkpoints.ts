/** @file gan-probe checkpoints. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CheckpointSource } from 'ganscope/explain';
import { told } from '../common/flag-names.js';
import type { ProbeCall, ProbeContext } from './kind.js';
import { explainerOptions, oneMap, report } from './shared.js';

/** Compares where checkpoints look. */
export async function runCheckpoints({ options, taken, sources, out, provenance, context }: ProbeCall): Promise<void> {
  const { Explainer, probeCheckpoints } = await import('ganscope/explain');
  const { picturePaths } = await import('ganscope/inference');
  const { InputError } = await import('ganscope/errors');
  const { assumptionLines } = await import('../common/lines.js');
  const { print, signal } = context;
  const { models, run, palette, overlay } = options;
  if ((models === undefined) === (run === undefined))
    throw new InputError({
      name: 'models',
      expected: 'two or more .onnx files, or --run with a run',
      got: models ? 'both' : 'none',
    });
  const { paths, skipped } = await picturePaths(sources);
  const boxes = options.boxes ?? (await cubBoxes(sources));
  if (boxes !== options.boxes) print.info(`Boxes: ${boxes} (found beside the pictures; change it with --boxes)`);
  const folder = run === undefined ? undefined : await mkdtemp(join(tmpdir(), 'ganscope-checkpoints-'));
  try {
    const networks =
      run !== undefined && folder !== undefined
        ? await exported(run, folder, context)
        : (models ?? []).map((path) => ({ name: basename(path, '.onnx'), path }));
    const [first] = networks;
    if (!first || networks.length < 2)
      throw new InputError({
        name: run === undefined ? 'models' : 'run',
        expected: 'at least two checkpoints',
        got: networks.length,
      });
    const loading = await explainerOptions(options);
    // Masks among the targets are read at the size of the network's input.
    const explainer = await Explainer.load(first.path, loading);
    const { input, choice } = explainer;
    await explainer.dispose();
    context.device(choice);
    const bar = context.progress('pictures');
    const found = await probeCheckpoints(networks, paths, {
      ...(await oneMap(options, input)),
      loading,
      out,
      style: { ...(palette && { palette }), ...(overlay && { overlay }) },
      ...(boxes !== undefined && { boxes }),
      signal,
      progress_callback: (done, total, text) => bar.update(done, total, text),
      onAssumed: (assumptions) => assumptionLines(told(assumptions, taken)).forEach((line) => print.info(line)),
      provenance: { ...provenance, device: choice.device, ...(run !== undefined && { run }) },
    }).finally(() => bar.stop());
    report(context, found);
    context.skipped([...skipped, ...found.skipped]);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** The boxes of a folder in the layout of CUB-200-2011, if there is one. */
async function cubBoxes(sources: readonly string[]): Promise<string | undefined> {
  for (const source of sources) {
    const path = join(source, 'bounding_boxes.txt');
    if (await stat(path).catch(() => undefined)) return path;
  }
  return undefined;
}

/** The discriminator of every checkpoint that a run has kept, exported into a folder. */
async function exported(run: string, folder: string, { print, signal }: ProbeContext): Promise<CheckpointSource[]> {
  const { resolveRun } = await import('ganscope/inference');
  const { checkpoints, exportRun } = await import('ganscope/trainer');
  const { InputError } = await import('ganscope/errors');
  const path = await resolveRun(run);
  const kept = await checkpoints(path);
  print.info(`Run: ${path}, ${kept.length} checkpoints: ${kept.map((each) => basename(each)).join(', ') || 'none'}`);
  const made: CheckpointSource[] = [];
  for (const checkpoint of kept) {
    signal.throwIfAborted();
    const name = basename(checkpoint);
    const out = join(folder, name);
    const { files } = await exportRun({ run: path, checkpoint, out, signal });
    const file = files.find(({ role }) => role === 'discriminator');
    if (!file?.passed)
      throw new InputError({
        name: checkpoint,
        expected: 'an export that passes its check',
        got: 'one that fails',
      });
    made.push({ name, path: file.path, origin: checkpoint });
  }
  return made;
}
