import { describe, expect, it } from 'vitest';
import { areaOf, boxBetween, boxesText, movedBox, parsedBoxes, shareInside } from './boxes.js';

describe('boxes', () => {
  it('come back from their text; what is none is left out', () => {
    const boxes = {
      r0: { left: 0.1, top: 0.2, right: 0.5, bottom: 0.625 },
      g3: { left: 0, top: 0, right: 1, bottom: 1 },
    };
    expect(boxesText(boxes)).toBe('r0:0.1,0.2,0.5,0.625|g3:0,0,1,1');
    expect(parsedBoxes(boxesText(boxes))).toEqual(boxes);
    expect(parsedBoxes('r0:0.5,0,0.2,1|x1:0,0,1,1|r1:0,0,2,1|r2:a,b,c,d|g0')).toEqual({});
  });

  it('are drawn from any corner, and stay inside the picture', () => {
    const box = boxBetween({ x: 0.7, y: 1.4 }, { x: -0.2, y: 0.5 });
    expect(box).toEqual({ left: 0, top: 0.5, right: 0.7, bottom: 1 });
    expect(areaOf(box)).toBeCloseTo(0.35, 10);
    expect(movedBox(box, 0.9, -0.1, false)).toMatchObject({ left: 0.30000000000000004, right: 1, top: 0.4 });
    expect(movedBox(box, 0, -9, true).bottom).toBeCloseTo(0.54, 10);
  });
});

describe('shareInside(map, box)', () => {
  const map = { width: 4, height: 2, values: Float32Array.of(0, 1, 2, 3, -5, 0, 0, 4) };
  it('is the sum of the values inside over the sum of all; negative ones are none', () => {
    expect(shareInside(map, { left: 0, top: 0, right: 1, bottom: 1 })).toBe(1);
    expect(shareInside(map, { left: 0.75, top: 0, right: 1, bottom: 0.5 })).toBeCloseTo(3 / 10, 10);
  });

  it('counts a pixel by the part of it that is inside', () => {
    expect(shareInside(map, { left: 0.875, top: 0, right: 1, bottom: 1 })).toBeCloseTo(3.5 / 10, 10);
    const flat = { width: 7, height: 5, values: new Float32Array(35).fill(2) };
    const box = { left: 0.123, top: 0.4, right: 0.777, bottom: 0.9 };
    expect(shareInside(flat, box)).toBeCloseTo(areaOf(box), 10);
  });

  it('is no number for a map of zeros', () => {
    expect(shareInside({ ...map, values: new Float32Array(8) }, { left: 0, top: 0, right: 1, bottom: 1 })).toBeNaN();
  });
});
