/** @file A generator with the derivatives of a region of one of its pictures. */
import { openSession } from '#runtime';
import { generatorFeed, type LatentInput } from '../../../inference/generators/generator-inputs.js';
import type { Generator, GeneratorOptions } from '../../../inference/networks/generator.js';
import { modelFrom, sourceName, type ModelSource } from '../../../inference/networks/model-source.js';
import { rangeNormalization } from '../../../inference/pictures/pixels.js';
import {
  sessionTensor,
  type Session,
  type SessionTensor,
  type SessionTensors,
} from '../../../inference/runtime/session.js';
import { namingFile } from '../../../onnx/graph/naming.js';
import { upgradedModel } from '../../../onnx/upgrade/upgrade.js';
import { repeated, rowOf } from '../../network/tensors.js';
import { readyGenerator } from '../../../inference/generators/ready-generator.js';
import {
  chosenGeneratorLayer,
  generatorLayers,
  regionGraphs,
  regionValues,
  type GeneratorLayer,
} from './region-graph.js';

/** Latents per run where the file leaves the batch open. */
const ROWS = 8;

/** What a weighting of the picture's numbers tells, going backwards. */
export interface Backward {
  /** The picture in the generator's numbers [C, H, W]. */
  picture: Float32Array;
  /** Jᵀu [Z]. */
  latents: Float32Array;
  /** A layer's output and slopes [K, h, w]. */
  features?: Float32Array;
  slopes?: Float32Array;
}

/** The Jacobian of a generator at one latent, as products with vectors. */
export class GeneratorRegion implements AsyncDisposable {
  /** Numbers of 0…1 per number of the generator, by channel. */
  readonly scale: readonly number[];

  private constructor(
    readonly generator: Generator,
    readonly layer: GeneratorLayer | undefined,
    private readonly input: LatentInput,
    private readonly shape: readonly number[],
    private readonly backwards: Session,
    private readonly forwards: Session,
  ) {
    this.scale = rangeNormalization(generator.range, generator.channels).std;
  }

  /**
   * @param generator of the same source
   * @param wanted the name or number of a layer; default the last one of the smallest grid
   * @throws InputError if there is no such layer, or the generator cannot be differentiated
   */
  static async open(
    source: ModelSource,
    generator: Generator,
    options: GeneratorOptions = {},
    wanted?: string,
  ): Promise<GeneratorRegion> {
    const name = sourceName(source);
    const model = upgradedModel(await modelFrom(source, options));
    const { input, graph } = namingFile(name, () => readyGenerator(model, generator, options, { name, rows: ROWS }));
    const [graphs, layer] = namingFile(name, () => {
      const chosen = chosenGeneratorLayer(generatorLayers(graph, input.name), wanted);
      return [regionGraphs(graph, input.name, chosen?.value), chosen] as const;
    });
    const { device } = generator.choice;
    const backwards = await openSession(graphs.backward, { device });
    try {
      const forwards = await openSession(graphs.forward, { device });
      return new GeneratorRegion(generator, layer, input, graphs.shape, backwards, forwards);
    } catch (error) {
      await backwards.release();
      throw error;
    }
  }

  /** Rows of a run. */
  get rows(): number {
    return this.shape[0] as number;
  }

  /** Jᵀu and what goes with it, of one latent. @param weights u [C, H, W] */
  async backward(latent: Float32Array, weights: Float32Array): Promise<Backward> {
    const results = await this.#backward(latent, [weights]);
    const row = (name: string) => results[name] && rowOf(results[name], 0);
    const [features, slopes] = [row(regionValues.features), row(regionValues.slopes)];
    return {
      picture: row(regionValues.pictures) as Float32Array,
      latents: row(regionValues.latents) as Float32Array,
      ...(features && slopes && { features, slopes }),
    };
  }

  /**
   * JᵀMJ v for each v [Z].
   * @param mask M [C, H, W]: how much each number counts
   */
  async normalProducts(
    latent: Float32Array,
    mask: Float32Array,
    moves: readonly Float32Array[],
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    const made: Float32Array[] = [];
    for (let start = 0; start < moves.length; start += this.rows) {
      signal?.throwIfAborted();
      const changes = await this.changes(latent, moves.slice(start, start + this.rows));
      const weights = changes.map((change) => change.map((value, at) => value * (mask[at] as number)));
      const results = await this.#backward(latent, weights);
      made.push(...changes.map((_, at) => rowOf(results[regionValues.latents] as SessionTensor, at)));
    }
    return made;
  }

  /** J v [C, H, W] for each of at most `rows` v [Z]. */
  async changes(latent: Float32Array, moves: readonly Float32Array[]): Promise<Float32Array[]> {
    const feeds = this.#feeds(this.forwards, latent, {
      [regionValues.moves]: sessionTensor(this.#stacked(moves, latent.length), this.shape),
    });
    const results = await this.forwards.run(feeds);
    return moves.map((_, at) => rowOf(results[regionValues.changes] as SessionTensor, at));
  }

  async #backward(latent: Float32Array, weights: readonly Float32Array[]): Promise<SessionTensors> {
    const { channels, height, width } = this.generator;
    const dims = [this.rows, channels, height, width];
    const stacked = this.#stacked(weights, channels * height * width);
    return this.backwards.run(
      this.#feeds(this.backwards, latent, { [regionValues.weights]: sessionTensor(stacked, dims) }),
    );
  }

  /** The latent in every row with its label, and further inputs; those that the graph does not have are left out. */
  #feeds(session: Session, latent: Float32Array, further: SessionTensors): SessionTensors {
    const feeds = { ...generatorFeed(this.input, repeated(latent, this.rows)), ...further };
    return Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)));
  }

  /** Rows below each other; missing ones are zero. */
  #stacked(rows: readonly Float32Array[], size: number): Float32Array {
    const all = new Float32Array(this.rows * size);
    rows.forEach((row, at) => all.set(row, at * size));
    return all;
  }

  /** Frees the sessions, not the generator. */
  async dispose(): Promise<void> {
    await Promise.all([this.backwards.release(), this.forwards.release()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
