/** @file Layers that act only while a network is trained, or only on its loss: in an exported network they do nothing. */
import type { LayerRule } from './rule.js';

const nothing: LayerRule = ({ inputs: [x] }) => x;

/** Their classes are those of Keras; tfjs itself has none of them. */
export const identityLayers = {
  ActivityRegularization: nothing,
  RandomBrightness: nothing,
  RandomContrast: nothing,
  RandomFlip: nothing,
  RandomHeight: nothing,
  RandomRotation: nothing,
  RandomTranslation: nothing,
  RandomWidth: nothing,
  RandomZoom: nothing,
  SpatialDropout2D: nothing,
  SpatialDropout3D: nothing,
} satisfies Record<string, LayerRule>;
