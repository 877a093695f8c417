/** @file Layers of Keras that tfjs cannot load, or loads without their meaning, registered with the copy of tfjs used here. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Layer as AnyLayer } from './layers/rule.js';
import { identityLayers } from './layers/identities.js';
import { tf, tfl } from './tf.js';

const { Layer } = tfl.layers;
type LayerArgs = ConstructorParameters<typeof Layer>[0];
type Shape = (number | null)[];

const only = (inputs: Tensor | Tensor[]) => [inputs].flat()[0] as Tensor;

/** Their options do not matter: an exported network is not trained. */
function identityClass(className: string) {
  return class Identity extends Layer {
    static readonly className = className;

    constructor({ name, inputShape, batchInputShape, inputDType, dtype }: LayerArgs = {}) {
      const kept = Object.entries({ name, inputShape, batchInputShape, inputDType, dtype });
      super(Object.fromEntries(kept.filter(([, value]) => value !== undefined)));
    }

    override call(inputs: Tensor | Tensor[]): Tensor {
      return tf.clone(only(inputs));
    }
  };
}

/**
 * Resizing as Keras means it. tfjs 4.22 says that its output has no batch axis, so that no layer can follow it, and
 * aligns corners where Keras does not.
 */
class Resizing extends Layer {
  static readonly className = 'Resizing';
  readonly #size: [number, number];
  readonly #interpolation: string;

  constructor(
    args: LayerArgs & { height: number; width: number; interpolation?: string; cropToAspectRatio?: boolean },
  ) {
    super(args);
    const { height, width, interpolation = 'bilinear', cropToAspectRatio } = args;
    if (interpolation !== 'bilinear' && interpolation !== 'nearest') {
      throw new Error(
        `Resizing layer "${this.name}": interpolation: expected bilinear or nearest; got ${interpolation}`,
      );
    }
    if (cropToAspectRatio === true) {
      throw new Error(`Resizing layer "${this.name}": crop_to_aspect_ratio: expected false; got true`);
    }
    this.#size = [height, width];
    this.#interpolation = interpolation;
  }

  override computeOutputShape(shape: Shape): Shape {
    return [shape[0] ?? null, ...this.#size, shape[3] ?? null];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const picture = only(inputs) as Tensor & { rank: 4 };
    const resize = this.#interpolation === 'nearest' ? tf.image.resizeNearestNeighbor : tf.image.resizeBilinear;
    return resize(picture as Parameters<typeof resize>[0], this.#size, false, true);
  }

  override getConfig() {
    const [height, width] = this.#size;
    return { ...super.getConfig(), height, width, interpolation: this.#interpolation };
  }
}

type LayerClass = typeof Layer;

/**
 * Batch norm of any rank and over any axis. tfjs 4.22 has none of rank 5, and its plain backend takes the statistics of
 * the last axis for those of another.
 */
function generalBatchNormalization() {
  const [Own] = tf.serialization.SerializationMap.getMap().classNameMap['BatchNormalization'] ?? [];
  if (!Own) throw new Error('tfjs has no BatchNormalization');
  return class BatchNormalization extends (Own as unknown as LayerClass) {
    static readonly className = 'BatchNormalization';

    override call(inputs: Tensor | Tensor[], options: Parameters<AnyLayer['call']>[1]): Tensor | Tensor[] {
      const x = only(inputs);
      const { axis, epsilon } = this.getConfig();
      const place = Number(axis) < 0 ? Number(axis) + x.rank : Number(axis);
      if (options['training'] === true || (place === x.rank - 1 && x.rank <= 4)) return super.call(inputs, options);
      const weight = (name: string) => {
        const found = this.weights.find(({ originalName }) => originalName.endsWith(`/${name}`));
        return (
          found &&
          tf.reshape(
            found.read(),
            x.shape.map((size, index) => (index === place ? size : 1)),
          )
        );
      };
      return tf.tidy(() => {
        const std = tf.sqrt(tf.add(weight('moving_variance') as Tensor, Number(epsilon)));
        const normal = tf.div(tf.sub(x, weight('moving_mean') as Tensor), std);
        const [gamma, beta] = [weight('gamma'), weight('beta')];
        const scaled = gamma ? tf.mul(normal, gamma) : normal;
        return beta ? tf.add(scaled, beta) : scaled;
      });
    }
  };
}

let registered = false;

/** Makes the layers known to `tf.loadLayersModel`. */
export function registerKerasLayers(): void {
  if (registered) return;
  registered = true;
  tf.serialization.registerClass(generalBatchNormalization());
  for (const name of Object.keys(identityLayers)) tf.serialization.registerClass(identityClass(name));
  tf.serialization.registerClass(Resizing);
}

/** A new layer of one of these classes, made as `tf.loadLayersModel` makes it. */
export function kerasLayer(className: string, config: Record<string, unknown>): AnyLayer {
  registerKerasLayers();
  const [Class, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className] ?? [];
  if (!Class || !fromConfig) throw new Error(`no layer class "${className}"`);
  return fromConfig(Class, config as tf.serialization.ConfigDict) as unknown as AnyLayer;
}
