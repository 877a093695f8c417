/** @file The share of the attention inside the boxes, over the checkpoints: does D look at birds, or at the background? */
import type { KeptCheckpoint } from '../../../server/runs/details.node.js';
import { Chart, type Line } from '../parts/chart.js';
import type { Frames } from './attention-work.js';
import { areaOf, shareInside, type Boxes } from './boxes.js';

/** Means over the pictures of each kind that have a box, and the share of the picture that the boxes cover. */
export function ShareChart(props: {
  boxes: Boxes;
  checkpoints: readonly KeptCheckpoint[];
  frames: Frames;
  step: number | undefined;
}) {
  const { boxes, checkpoints, frames, step } = props;
  const kinds = [
    { key: 'r', kind: 'real', title: 'real pictures' },
    { key: 'g', kind: 'generated', title: 'generated pictures' },
  ] as const;
  const lines = kinds.flatMap(({ key, kind, title }, colour): Line[] => {
    const own = Object.entries(boxes).filter(([name]) => name.startsWith(key));
    if (own.length === 0) return [];
    const area = mean(own.map(([, box]) => areaOf(box)));
    const points = checkpoints.flatMap(({ name, step: at }) => {
      const frame = frames.get(name);
      const shares = own.flatMap(([place, box]) => {
        const shown = frame?.[kind][Number(place.slice(1))];
        return shown ? [shareInside({ ...shown.map, values: shown.map.shares }, box)] : [];
      });
      const finite = shares.filter(Number.isFinite);
      return frame ? [{ step: at, value: finite.length > 0 ? mean(finite) : Number.NaN }] : [];
    });
    const flat = points.map(({ step: at }) => ({ step: at, value: area }));
    return [
      { label: `attention inside, ${title}`, points, colour, dash: 0 },
      { label: `area of the boxes, ${title}`, points: flat, colour, dash: 1 },
    ];
  });
  if (lines.length === 0) return <p class="note">Draw a box on a picture: how much of the attention falls inside?</p>;
  return <Chart id="attention-share" title="Attention inside the boxes" lines={lines} marked={step} />;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
