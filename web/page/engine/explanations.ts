/** @file Maps of one picture by a method, and their proof: how the score falls as pixels are removed. */
import { evaluateMethods, isSigned, type ClassScore, type MethodName, type PaletteName } from 'ganscope/explain';
import type { Picture } from 'ganscope/inference';
import { palettes } from '../../../explain/figures/palette.js';
import { optionsOf, targetOf } from './frames.js';
import { explainedMap, type ExplainedMap } from './maps.js';
import { openedExplainer, type Slot } from './networks.js';

/** What is explained, and how. */
export interface MapRequest {
  picture: Picture;
  slot: Slot;
  method: MethodName;
  layer: string;
  /** Empty for the network's default. */
  target: string;
  palette: PaletteName;
}

/** The smallest side of the picture that maps are shown on. */
const MIN_SIDE = 192;

/** What a network sees of a picture, and its largest scores. */
export async function view(picture: Picture, slot: Slot): Promise<{ picture: Picture; classes: ClassScore[] }> {
  const { explainer } = openedExplainer(slot);
  const { classes } = await explainer.look(picture, [], 1);
  return { picture: explainer.view(picture, MIN_SIDE), classes };
}

/** The map of a picture. */
export async function map(request: MapRequest): Promise<ExplainedMap> {
  const { explainer } = openedExplainer(request.slot);
  const { picture, method, palette } = request;
  const [explanation] = await explainer.explain([picture], { ...optionsOf(request), methods: [method] });
  if (!explanation) throw new Error('the network gives no map');
  return explainedMap(explanation, explainer.view(picture, MIN_SIDE), palette);
}

/** A curve, and the area under it. */
export interface Proof {
  x: readonly number[];
  y: readonly number[];
  area: number;
}

/** The probability of the target while pixels are removed, the map's highest first; undefined for an empty map. */
export async function deletion({ picture, slot, method, layer, target }: MapRequest): Promise<Proof | undefined> {
  const { explainer } = openedExplainer(slot);
  const targets = targetOf(target);
  const { methods } = await evaluateMethods(
    explainer,
    [{ picture, ...(targets !== undefined && { target: targets }) }],
    {
      methods: [method],
      metrics: ['deletion'],
      layers: layer === '' ? 'auto' : layer,
    },
  );
  const [found] = methods;
  const curve = found?.curves['deletion'];
  const area = found?.values['deletion'];
  return curve && area !== undefined ? { x: curve.x, y: curve.y, area } : undefined;
}

/** The colours of a palette [256, 3], and whether its middle is zero. */
export function coloursOf(name: PaletteName): { table: Uint8Array; signed: boolean } {
  return { table: palettes[name].table, signed: isSigned(name) };
}
