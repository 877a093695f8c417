import { describe, expect, it } from 'vitest';
import { cocoBoxes, csvBoxes, cubBoxes, lookedUp } from './boxes.js';
import { boxMask, pictureMask } from './mask.js';
import type { PictureInput } from '../../inference/pictures/pictures.js';

const input = (width: number, height: number, resize: PictureInput['resize'] = 'crop'): PictureInput => ({
  width,
  height,
  channels: 3,
  normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
  resize,
});

describe('boxes of texts', () => {
  it('reads CUB-200-2011, several names of columns, several boxes of a picture, and COCO', () => {
    expect(cubBoxes('1 60.0 27.0 325.0 304.0\n2 1 2 3 4\n', '1 a/x.jpg\n2 a/y z.jpg\n', 'b.txt')).toEqual(
      new Map([
        ['a/x.jpg', [{ x: 60, y: 27, width: 325, height: 304 }]],
        ['a/y z.jpg', [{ x: 1, y: 2, width: 3, height: 4 }]],
      ]),
    );
    const boxes = new Map([
      [
        'x.png',
        [
          { x: 1, y: 2, width: 3, height: 4 },
          { x: 5, y: 6, width: 7, height: 8.5 },
        ],
      ],
    ]);
    for (const text of [
      'file,x,y,width,height\nx.png,1,2,3,4\n./x.png,5,6,7,8.5\n',
      '\uFEFFfilename;class;xmin;ymin;xmax;ymax\r\n"x.png";bird;1;2;4;6\r\nx.png;bird;5;6;12;14.5\r\n',
    ])
      expect(csvBoxes(text, 'b.csv')).toEqual(boxes);
    expect(csvBoxes('file,x,y,w,h\n "a, ""b"".png" ,1,2,"3",4\n', 'b.csv')).toEqual(
      new Map([['a, "b".png', [{ x: 1, y: 2, width: 3, height: 4 }]]]),
    );
    const coco = {
      images: [{ id: 7, file_name: 'x.png' }],
      annotations: [
        { image_id: 7, bbox: [1, 2, 3, 4] },
        { image_id: 7, bbox: [5, 6, 7, 8.5] },
      ],
    };
    expect(cocoBoxes(coco, 'b.json')).toEqual(boxes);
  });

  it.each([
    [() => csvBoxes('a,b\n', 'b.csv'), /^b\.csv, line 1: expected names of columns: file,x,y,width,height.*got "a,b"$/],
    [
      () => csvBoxes('file,x,y,w,h\nx.png,1,2,,4', 'b.csv'),
      /^b\.csv, line 2: expected four numbers.*got 1, 2, NaN, 4$/,
    ],
    [() => csvBoxes('file,x,y,w,h\n\nx.png,left,2,3,4', 'b.csv'), /line 3: expected four numbers.*got left, 2, 3, 4$/],
    [() => csvBoxes('file,x1,y1,x2,y2\nx.png,1,2,wide,4', 'b.csv'), /expected four numbers.*got 1, 2, wide, 2$/],
    [() => cubBoxes('1 1 2 three 4', '1 x.jpg', 'b.txt'), /picture 1: expected four numbers.*got 1, 2, three, 4$/],
    [() => csvBoxes('file,x,y,w,h\n,1,2,3,4', 'b.csv'), /^b\.csv, line 2: expected the name of a file; got none$/],
    [() => csvBoxes('file,x1,y1,x2,y2\nx.png,5,5,2,9', 'b.csv'), /width and height are above 0; got 5, 5, -3, 4$/],
    [() => cubBoxes('3 1 2 3 4', '1 x.jpg', 'b.txt'), /^b\.txt: expected picture 3 in images\.txt; got nothing$/],
    [
      () => cubBoxes('x 1 2 3 4', '1 x.jpg', 'b.txt'),
      /^b\.txt, line 1: expected a number and a value; got "x 1 2 3 4"$/,
    ],
    [() => cocoBoxes([], 'b.json'), /^b\.json: expected a list "images" as in COCO's annotations; got none$/],
    [
      () => cocoBoxes({ images: [], annotations: [{ image_id: 1 }] }, 'b.json'),
      /annotation 0: expected the id of one of the images; got 1$/,
    ],
  ])('refuses others in one line', (read, message) => {
    expect(read).toThrow(message);
  });

  it('finds a picture by the end of its path, or by a name that is there once', () => {
    const find = lookedUp(
      new Map([
        ['a/x.jpg', 1],
        ['b/x.jpg', 2],
        ['c/y.jpg', 3],
      ]),
    );
    expect(['/data/a/x.jpg', 'data\\b\\x.jpg', 'b/x.jpg', 'x.jpg', 'elsewhere/y.jpg', 'z.jpg'].map(find)).toEqual([
      1,
      2,
      2,
      undefined,
      3,
      undefined,
    ]);
  });
});

describe('boxes and masks in what the network sees', () => {
  it('cuts what the network does not see, and scales the rest', () => {
    // Of 8×4 the middle 4×4 is seen, at 2×2: a pixel for columns 2–3, and one for 4–5.
    const seen = (box: [number, number, number, number], resize?: PictureInput['resize']) => {
      const [x, y, width, height] = box;
      return boxMask([{ x, y, width, height }], { width: 8, height: 4 }, input(2, 2, resize));
    };
    expect(seen([0, 0, 4, 2])).toEqual(Uint8Array.of(1, 0, 0, 0));
    expect(seen([4, 1, 4, 3])).toEqual(Uint8Array.of(0, 1, 0, 1));
    expect(seen([0, 0, 2, 4])).toBeUndefined();
    expect(seen([0, 0, 4, 2], 'squash')).toEqual(Uint8Array.of(1, 0, 0, 0));
    expect(seen([0, 0, 8, 4], 'pad')).toEqual(Uint8Array.of(1, 1, 0, 0));
  });

  it('takes the bright part of a mask, as a box of the same place', () => {
    const [width, height] = [50, 40];
    const box = { x: 11, y: 3, width: 20, height: 30 };
    const data = new Uint8Array(width * height * 3);
    for (let y = 3; y < 33; y++)
      for (let x = 11; x < 31; x++) data.fill(200, (y * width + x) * 3, (y * width + x) * 3 + 3);
    for (const resize of ['crop', 'squash', 'pad'] as const) {
      const mask = pictureMask({ width, height, channels: 3, data }, input(20, 20, resize));
      expect(mask).toEqual(boxMask([box], { width, height }, input(20, 20, resize)));
      expect(mask?.some((inside) => inside === 1)).toBe(true);
    }
  });
});
