/** @file From a run's checkpoint to .onnx files that are known to compute what the trained networks do. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '../../exporter/tfjs-model.js';
import { discriminatorSignature, exportedModel, generatorSignature } from '../../exporter/index.js';
import { largestDifference } from '../../exporter/verify.node.js';
import { normalLatents } from '../../inference/latent/latents.js';
import { metadataEntries, type GanMetadata } from '../../inference/networks/metadata.js';
import { InputError, modelBytes, type Model } from '../../onnx/index.js';
import { writeOwnFile } from '../../onnx/files/files.node.js';
import { loadCheckpoint } from '../checkpoint/checkpoint.node.js';
import type { GanConfig } from '../settings/config.js';
import { exportForms } from './export-forms.js';
import { namedCheckpoint, runOfCheckpoint } from '../checkpoint/kept-checkpoints.node.js';
import { discriminatorModel, generatorModel } from '../step/tfjs/models.js';
import { generatedPictures } from '../step/tfjs/sample.js';
import { resolveRun } from '../../inference/runs/runs.node.js';
import { normalizedWeights } from '../step/state/spectral.js';
import { oneHotRows } from '../step/state/labels.js';
import { withState } from '../step/tfjs/state.js';
import type { TrainState } from '../step/state/step.js';

export interface RunExportOptions {
  /** Folder of the run; the latest if not given. */
  run?: string | undefined;
  /** `newest` (if not given), `best`, or the folder of a checkpoint, in the run where that is given. */
  checkpoint?: string | undefined;
  /** Folder for the files; the run's `onnx` if not given. */
  out?: string | undefined;
  /** 13…21; 17 if not given. */
  opset?: number | undefined;
  /** Merge each batch norm into the convolution before it. */
  foldBatchNorm?: boolean | undefined;
  /** Whether to export the averaged generator; if not given, where the checkpoint has one. */
  ema?: boolean | undefined;
  /** Also write `…-fp16.onnx`: float16 inside, float32 outside. */
  fp16?: boolean | undefined;
  /** Also write `generator-uint8.onnx`: pictures as bytes [N, 3, H, W]. */
  uint8?: boolean | undefined;
  /** Stops between two comparisons by throwing its reason, before the first file is written. */
  signal?: AbortSignal | undefined;
}

/** One network's file. */
export interface ExportedFile {
  role: 'generator' | 'discriminator';
  /** Ends in `.failed` where the comparison failed. */
  path: string;
  bytes: number;
  /** Largest absolute difference between tfjs and ONNX Runtime on the same inputs, by output. */
  differences: ReadonlyMap<string, number>;
  /** The largest difference that passes. */
  limit: number;
  passed: boolean;
}

export interface RunExport {
  checkpoint: string;
  step: number;
  /** Whether the generator is the averaged one. */
  averaged: boolean;
  files: ExportedFile[];
  /** Files of an earlier export that this one does not have, such as other forms and the self-explaining one. */
  removed: string[];
}

const networks = [
  { role: 'generator', create: generatorModel, signatureOf: generatorSignature, logits: [], probabilities: [] },
  {
    role: 'discriminator',
    create: discriminatorModel,
    signatureOf: discriminatorSignature,
    logits: ['logit'],
    probabilities: ['probability'],
  },
] as const;

/**
 * Writes a checkpoint's generator.onnx and discriminator.onnx after comparing each with its tfjs model on the same
 * inputs, and other forms of them on demand. A file whose outputs differ by more than its form may gets `.failed` after its name, and no earlier export
 * of a network is replaced where that happens to its main form. The files are written when all are made, so that a stop leaves none or an earlier export.
 * @throws InputError if there is no such run, checkpoint or averaged generator, or the opset is not supported
 */
export async function exportRun(options: RunExportOptions = {}): Promise<RunExport> {
  const { opset, foldBatchNorm } = options;
  const { checkpoint, out } = await places(options);
  const { state, config } = await loadCheckpoint(checkpoint);
  if (options.ema === true && config.ema === 0) {
    throw new InputError({
      name: 'ema',
      expected: `a run that was trained with \`ema\`; ${checkpoint} has no averaged generator`,
    });
  }
  const averaged = options.ema ?? config.ema > 0;
  const weights = { generator: generatorWeights(state, averaged), discriminator: discriminatorWeights(state) };
  const files: ExportedFile[] = [];
  const contents: Uint8Array[] = [];
  // Noise drives a discriminator's logit far out, where float32 itself is coarse: it is compared on a generated picture.
  let picture: Float32Array | undefined;
  for (const { role, create, signatureOf, logits, probabilities } of networks) {
    const model: LayersModel = withState(create(config, { initialWeights: false }), { weights: weights[role] });
    const signature = signatureOf(model);
    const metadata = { ...runMetadata(config, state.step), role, logits, probabilities };
    const exported = exportedModel(model, {
      ...signature,
      metadata: metadataEntries(metadata),
      ...(opset !== undefined && { opset }),
      ...(foldBatchNorm !== undefined && { foldBatchNorm }),
    });
    for (const { suffix, model: form, limit, outputs } of exportForms(exported, metadata, options)) {
      options.signal?.throwIfAborted();
      const bytes = modelBytes(form);
      const given = { ...(picture && { input: picture }), ...(outputs && { outputs }) };
      const differences = await largestDifference(model, bytes, { signature, ...given });
      const passed = [...differences.values()].every((difference) => difference <= limit);
      const path = join(out, `${role}${suffix}.onnx${passed ? '' : '.failed'}`);
      contents.push(bytes);
      files.push({ role, path, bytes: bytes.length, differences, limit, passed });
    }
    if (role === 'generator') picture = await generatedOne(model, config);
    model.dispose();
  }
  options.signal?.throwIfAborted();
  for (const [index, { path }] of files.entries()) await writeOwnFile(path, contents[index] as Uint8Array);
  const removed = await removeEarlierForms(out, files);
  return { checkpoint, step: state.step, averaged, files, removed };
}

/** A generated picture; of a conditional generator, of its first class. */
function generatedOne(model: LayersModel, { latentDim, conditional, classNames }: GanConfig): Promise<Float32Array> {
  const labels = conditional ? oneHotRows([0], classNames.length) : undefined;
  return generatedPictures(model, normalLatents([0], latentDim), labels);
}

/** Removes forms of an earlier export that this one replaces or does not have. @returns those that were there */
async function removeEarlierForms(out: string, files: readonly ExportedFile[]): Promise<string[]> {
  const removed: string[] = [];
  for (const path of earlierForms(out, files)) {
    const isGone = await rm(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
    if (isGone) removed.push(path);
  }
  return removed;
}

/** Where forms of an earlier export would be that do not belong to these files; none of a network whose main form failed. */
export function earlierForms(out: string, files: readonly Pick<ExportedFile, 'path'>[]): string[] {
  const written = new Set(files.map(({ path }) => path));
  return networks.flatMap(({ role }) => {
    const forms = ['', '-fp16', '-uint8', '-gradcam'].map((suffix) => join(out, `${role}${suffix}.onnx`));
    if (!written.has(forms[0] as string)) return [];
    return forms.flatMap((path) => [path, `${path}.failed`]).filter((path) => !written.has(path));
  });
}

/**
 * A state's generator, averaged where there is an average: `latent` [batch, Z], with `label` [batch] of a conditional one, →
 * `image` [batch, C, H, W].
 */
export function generatorOnnx(state: TrainState, config: GanConfig): Model {
  const model = withState(generatorModel(config, { initialWeights: false }), {
    weights: generatorWeights(state, true),
  });
  const metadata = { ...runMetadata(config, state.step), role: 'generator', logits: [], probabilities: [] } as const;
  const exported = exportedModel(model, { ...generatorSignature(model), metadata: metadataEntries(metadata) });
  model.dispose();
  return exported;
}

const generatorWeights = ({ generator }: TrainState, averaged: boolean) =>
  (averaged ? generator.ema : undefined) ?? generator.weights;

/** Kernels of spectral norm are exported as they are used: normalised. */
const discriminatorWeights = ({ discriminator: { weights, spectral } }: TrainState) =>
  spectral ? normalizedWeights(weights, spectral) : weights;

/** Which checkpoint is exported, and where to: a checkpoint that is named without a run belongs to the run it lies in. */
async function places({ run, checkpoint, out }: RunExportOptions): Promise<{ checkpoint: string; out: string }> {
  const isFolder = checkpoint !== undefined && checkpoint !== 'newest' && checkpoint !== 'best';
  if (isFolder && run === undefined && out !== undefined) return { checkpoint, out };
  const folder = await resolveRun(runOfCheckpoint(run, checkpoint));
  return { checkpoint: await namedCheckpoint(folder, checkpoint), out: out ?? join(folder, 'onnx') };
}

function runMetadata(config: GanConfig, step: number): Omit<GanMetadata, 'role' | 'logits' | 'probabilities'> {
  const { preset, seed, latentDim, normalization, resize, channels, imageSize } = config;
  return {
    preset,
    seed,
    step,
    latentDim,
    latentDistribution: 'normal',
    normalization,
    resize,
    outputRange: 'normalization',
    channels,
    height: imageSize,
    width: imageSize,
    ...(config.conditional && { classes: config.classNames }),
  };
}
