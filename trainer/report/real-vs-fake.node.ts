/** @file Real pictures beside generated ones. */
import type { SKRSContext2D } from 'canvas';
import { pictureCanvas } from '../../inference/figures/canvas.node.js';
import { drawingPng } from '../../inference/figures/drawing.node.js';
import { FONT_FAMILY, light } from '../../inference/figures/theme.js';
import { pictureGrid } from '../../inference/pictures/grid.js';
import type { Picture } from '../../inference/pictures/pictures.js';

/**
 * Real pictures and generated ones in two square grids side by side, as a PNG file.
 * @param real at least one, of the same size as all others
 * @param fake at least one
 * @param step updates after which `fake` were generated
 * @throws InputError if either is empty or sizes differ
 */
export function realVsFakePng(
  real: readonly Picture[],
  fake: readonly Picture[],
  step: number,
  columns: number,
): Uint8Array {
  const [margin, heading, gridWidth, padding, scale] = [16, 28, 550, 2, 2];
  const grids = [real, fake].map((pictures) => pictureGrid(pictures, columns, { padding, background: 255 }));
  const widest = Math.max(...grids.map((grid) => grid.width));
  // Whole multiples of pixels keep them square and sharp.
  const enlarged = (scale * gridWidth) / widest;
  const factor = (enlarged > 1 ? Math.floor(enlarged) : enlarged) / scale;
  const [width, height] = [widest, Math.max(...grids.map((grid) => grid.height))].map(
    (side) => Math.round(scale * side * factor) / scale,
  ) as [number, number];
  const drawing = {
    width: 3 * margin + 2 * width,
    height: margin + heading + height + margin,
    draw(context: SKRSContext2D) {
      context.imageSmoothingEnabled = enlarged < 1;
      context.fillStyle = light.ink;
      context.font = `bold 14px "${FONT_FAMILY}"`;
      grids.forEach((grid, i) => {
        const left = margin + i * (width + margin);
        const text = i === 0 ? 'Real pictures' : `Generated (step ${step.toLocaleString('en-US')})`;
        context.fillText(text, left + padding * factor, margin + heading / 2 - 3, width);
        context.drawImage(pictureCanvas(grid), left, margin + heading, grid.width * factor, grid.height * factor);
      });
    },
  };
  return drawingPng(drawing, scale);
}
