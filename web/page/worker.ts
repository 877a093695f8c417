/** @file The worker that runs the networks, so that the page stays responsive. */
import {
  emptyMapNote,
  Explainer,
  isSigned,
  methods,
  overlaidPicture,
  drawnMap,
  placedMap,
  verdict,
  type ExplainOptions,
  type MethodName,
  type PaletteName,
} from 'ganscope/explain';
import { paletteNames } from 'ganscope/explain/choices';
import { decodePicture, Generator, lerp, normalLatents, slerp, type Picture } from 'ganscope/inference';
import { modelFromBytes } from 'ganscope/onnx';
import { headName, headTargets } from './heads.js';

/** A file of the user. */
export interface DroppedFile {
  name: string;
  bytes: Uint8Array;
}

/** Where a network is read from. */
export type Source = DroppedFile | { name: string; url: string };

/** A map to show, on the picture as the network sees it. */
export interface ShownMap {
  picture: Picture;
  title: string;
  verdict: string;
  note?: string;
}

let generator: Generator | undefined;
let explainer: Explainer | undefined;

const engine = {
  /** Whether the input of a network is pictures or latents. */
  async roleOf({ name, bytes }: DroppedFile): Promise<'generator' | 'explainer'> {
    const shape = modelFromBytes(bytes, name).graph.inputs[0]?.value?.shape ?? [];
    return shape.length === 4 && shape.slice(2).some((size) => size !== 1) ? 'explainer' : 'generator';
  },

  async openGenerator(source: Source) {
    const made = await Generator.load(modelOf(source));
    const before = generator;
    generator = made;
    await before?.dispose();
    const { latentDim, width, height, choice } = made;
    return { latentDim, width, height, device: choice.device };
  },

  async openExplainer(source: Source) {
    const made = await Explainer.load(modelOf(source));
    const before = explainer;
    explainer = made;
    await before?.dispose();
    const { input, head, choice } = made;
    return {
      width: input.picture.width,
      height: input.picture.height,
      device: choice.device,
      kind: headName(head),
      targets: headTargets(head),
      layers: made.layers().map(({ name, value, shape }) => ({ name, value, shape: shape.join('×') })),
      methods: made.methods().map((name) => {
        const { title, ...method } = methods[name];
        return { name, title, isCostly: method.kind === 'runs' && method.costly === true };
      }),
      palettes: paletteNames,
    };
  },

  /** Closes both networks. */
  async close() {
    const before = [generator, explainer];
    [generator, explainer] = [undefined, undefined];
    await Promise.all(before.map((network) => network?.dispose()));
  },

  async sample(seeds: number[], truncation?: number): Promise<Picture[]> {
    return opened(generator).sample(seeds, truncation === undefined ? {} : { truncation });
  },

  async between(from: number, to: number, position: number, mode: 'slerp' | 'lerp'): Promise<Picture | undefined> {
    const own = opened(generator);
    const [a, b] = [normalLatents([from], own.latentDim), normalLatents([to], own.latentDim)];
    const [picture] = await own.pictures((mode === 'slerp' ? slerp : lerp)(a, b, position));
    return picture;
  },

  decode: (bytes: Uint8Array, name: string): Promise<Picture> => decodePicture(bytes, name),

  /** What the network sees of the picture. */
  async view(picture: Picture): Promise<Picture> {
    return opened(explainer).view(picture, 192);
  },

  async explain(
    picture: Picture,
    method: MethodName,
    palette: PaletteName,
    options: Pick<ExplainOptions, 'layers' | 'targets'>,
  ): Promise<ShownMap[]> {
    const own = opened(explainer);
    const view = own.view(picture, 192);
    const maps = await own.explain([picture], { ...options, methods: [method] });
    return maps.map((map) => {
      const signed = isSigned(palette);
      const whole = { x: 0, y: 0, width: view.width, height: view.height };
      const { data } = placedMap(drawnMap(map, signed), view, whole, signed);
      const note = emptyMapNote(map);
      return {
        picture: overlaidPicture(view, data, { palette, overlay: 'blend' }),
        title: methods[method].title,
        verdict: verdict(map),
        ...(note !== undefined && { note }),
      };
    });
  },
};

/** The calls of the page. */
export type Engine = typeof engine;

function modelOf(source: Source) {
  return 'url' in source ? source.url : modelFromBytes(source.bytes, source.name);
}

function opened<T>(network: T | undefined): T {
  if (network === undefined) throw new Error('no network is open');
  return network;
}

addEventListener('message', ({ data }: MessageEvent<{ id: number; call: keyof Engine; args: unknown[] }>) => {
  const { id, call, args } = data;
  (engine[call] as (...given: unknown[]) => Promise<unknown>)(...args).then(
    (value) => postMessage({ id, value }),
    (error: unknown) => postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
