/** @file What the discriminator of a checkpoint looks at, on real pictures and on those of the checkpoint's own generator. */
import { Explainer, methods, suitableMethods, type MethodName } from 'ganscope/explain';
import { Generator, normalLatents, type Picture } from 'ganscope/inference';
import { isOfLabel } from './networks.js';
import { explainedMap, type ExplainedMap } from './maps.js';

/** What is looked at, and how. */
export interface AttentionRequest {
  /** Addresses of both networks of the checkpoint. */
  generator: string;
  discriminator: string;
  real: readonly Picture[];
  /** Seeds of the generated pictures. */
  seeds: readonly number[];
  method: MethodName;
  /** Empty for the network's default. */
  layer: string;
  target: 'fake' | 'real';
}

/** A picture, and what the discriminator looks at in it. */
export interface Attended {
  picture: Picture;
  map: ExplainedMap;
  /** Probability of being real, where the network gives one. */
  probability?: number;
}

/** A frame of the film. */
export interface Attention {
  real: Attended[];
  generated: Attended[];
  layers: string[];
  methods: { name: MethodName; title: string }[];
}

/** The smallest side of the pictures that maps are laid on. */
const MIN_SIDE = 96;

/** Looks through the networks of one checkpoint, which are closed again; on the CPU, where small networks open at once. */
export async function attention(request: AttentionRequest): Promise<Attention> {
  const { real, seeds } = request;
  const generator = await Generator.load(request.generator, { device: 'wasm' }).catch((error: unknown) => {
    if (!isOfLabel(error)) throw error;
    throw new Error(
      'The networks of this run know classes, and those of its real pictures are not known here. Explain them by class: gan-gradcam --label.',
    );
  });
  let made: Picture[];
  try {
    made = await generator.pictures(normalLatents(seeds, generator.latentDim));
  } finally {
    await generator.dispose();
  }
  const explainer = await Explainer.load(request.discriminator, { device: 'wasm' });
  try {
    const attended = await attendedPictures(explainer, [...real, ...made], request);
    return {
      real: attended.slice(0, real.length),
      generated: attended.slice(real.length),
      layers: explainer.layers().map(({ value }) => value),
      methods: suitableMethods(explainer.head)
        .filter((name) => !('costly' in methods[name] && methods[name].costly))
        .map((name) => ({ name, title: methods[name].title })),
    };
  } finally {
    await explainer.dispose();
  }
}

async function attendedPictures(
  explainer: Explainer,
  pictures: readonly Picture[],
  { method, layer, target }: AttentionRequest,
): Promise<Attended[]> {
  if (pictures.length === 0) return [];
  const layers = layer === '' ? 'auto' : layer;
  const explanations = await explainer.explain([...pictures], { methods: [method], layers, targets: target });
  return explanations.map((explanation): Attended => {
    const picture = explainer.view(pictures[explanation.picture] as Picture, MIN_SIDE);
    const { probability } = explanation;
    // Maps without a sign: a share of the attention is asked for.
    return {
      picture,
      map: explainedMap(explanation, picture, 'turbo'),
      ...(probability !== undefined && { probability }),
    };
  });
}
