/** @file What is maximised: a class, another score, or the channel of a layer. */
import { scoreCount } from '../../../inference/networks/score-head.js';
import { InputError } from '../../../onnx/errors.js';
import { chosenLayers, type Layer, type LayerChoice } from '../../network/layers.js';
import { resolvedTargets, type OneChoice, type TargetChoice } from '../../targets/target-choice.js';
import { isBox, isPicture, targetLabel, targetWeights, type Target } from '../../targets/targets.js';
import type { JudgingNetwork } from '../shared/judging-network.js';

/** One thing to maximise: the share of each logit, or of each channel's mean over its positions. */
export interface Objective {
  /** In words. */
  label: string;
  /** Of the logits [scores], or of the layer's channels [K]. */
  weights: Float32Array;
  /** The layer whose channels are weighted; missing for scores. */
  layer?: Layer;
  /** The score; missing for channels. */
  target?: Target;
}

/** Channels of one layer. */
export interface ChannelChoice {
  /** Default the last layer with positions, of a classifier after its activation. */
  layer?: LayerChoice;
  channels: readonly number[];
}

/**
 * The objectives of targets.
 * @param choices missing for the only score of a network: `real` of a discriminator
 * @throws InputError for targets that the network does not have, or that depend on a picture
 */
export function targetObjectives(network: JudgingNetwork, choices: readonly TargetChoice[] | undefined): Objective[] {
  const { head, labels, input } = network;
  const { height, width } = input.picture;
  const single = head.classes === 1 && !head.grid;
  const isDiscriminator = head.verdict || head.kind === 'discriminator';
  const given: readonly TargetChoice[] =
    choices ?? (single ? [isDiscriminator ? 'real' : head.binary ? 1 : 'score'] : []);
  if (given.length === 0) {
    const what = isPicture(head) ? 'a channel' : 'a class by number or name';
    throw new InputError({ name: 'target', expected: `${what}, or a layer and its channel`, got: 'none' });
  }
  const logits = new Float32Array(scoreCount(head));
  const each = given.flatMap((choice): readonly OneChoice[] =>
    typeof choice === 'object' && 'several' in choice ? choice.several : [choice],
  );
  return each.map((choice) => {
    expectWithoutPicture(choice, head.kind === 'boxes');
    const [target] = resolvedTargets(head, choice, logits, labels) as [Target];
    const weights = targetWeights(head, target, { logits, height, width });
    return { label: targetLabel(target, labels, head), weights, target };
  });
}

/** @throws InputError for a target that is found in a picture */
function expectWithoutPicture(choice: OneChoice, isDetector: boolean): void {
  const region = typeof choice === 'object' && 'region' in choice ? choice.region : undefined;
  const isPlace = region !== undefined && region !== 'predicted' && (isBox(region) || !('above' in region));
  const isTop = typeof choice === 'object' && 'top' in choice;
  if (!isTop && (region === undefined ? !isDetector : isPlace)) return;
  const expected =
    'a target that does not depend on a picture, such as a class, a difference, CLASS@at:NUMBER or a box';
  const got = isTop ? `top-${choice.top}` : region === undefined ? 'a class of a detector' : 'a region that is found';
  throw new InputError({ name: 'target', expected, got });
}

/** The objectives of channels. @throws InputError for other than one layer, or channels that it does not have */
export function channelObjectives(network: JudgingNetwork, { layer: choice, channels }: ChannelChoice): Objective[] {
  const { model, head, input } = network;
  const { height, width } = input.picture;
  const grid = { picture: { height, width }, logits: head.logits };
  const { groups } = chosenLayers(model.graph, choice, grid, head);
  const [layer, ...more] = groups.flat();
  if (!layer || more.length > 0)
    throw new InputError({ name: 'layer', expected: 'one layer', got: `${groups.flat().length}` });
  const count = layer.shape[layer.channelAxis ?? 1];
  if (typeof count !== 'number')
    throw new InputError({ name: 'layer', expected: 'a layer with a known number of channels', got: layer.name });
  return channels.map((channel) => {
    if (!Number.isInteger(channel) || channel < 0 || channel >= count)
      throw new InputError({ name: 'channel', expected: `0…${count - 1} of layer "${layer.name}"`, got: channel });
    const weights = new Float32Array(count);
    weights[channel] = 1;
    return { label: `channel ${channel} of ${layer.name}`, weights, layer };
  });
}
