/** @file Pictures and maps on canvases. */
import { useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { rgbaPixels, type Picture } from 'ganscope/inference';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Colours } from '../state/live.js';

interface Named {
  /** For screen readers; empty where what it stands in has a name. */
  label: string;
  class?: string;
}

const named = (label: string) =>
  label === '' ? ({ 'aria-hidden': 'true' } as const) : ({ role: 'img', 'aria-label': label } as const);

/** A picture. */
export function PictureCanvas({ picture, label, class: name }: Named & { picture: Picture }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) drawPicture(canvas.current, picture);
  }, [picture]);
  return <canvas ref={canvas} {...named(label)} class={name} />;
}

/** A picture that changes often: drawn without touching the page around it. */
export function LiveCanvas({ of, label, class: name }: Named & { of: ReadonlySignal<Picture | undefined> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const picture = of.value;
    if (canvas.current && picture) drawPicture(canvas.current, picture);
  });
  return <canvas ref={canvas} {...named(label)} class={name} />;
}

/** Values and how they are coloured. */
export interface ColouredValues {
  width: number;
  height: number;
  /** 0…1, or −1…1 for a signed palette. */
  values: Float32Array;
  colours: Colours;
  /** Whether the opacity follows the size of the value, as over a picture. */
  fades: boolean;
}

/** Draws values in colours on a canvas, which gets their size. */
export function drawValues(canvas: HTMLCanvasElement, { width, height, values, colours, fades }: ColouredValues): void {
  const { table, signed } = colours;
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const value = values[i] as number;
    const share = signed ? (value + 1) / 2 : value;
    const entry = 3 * Math.max(0, Math.min(255, Math.trunc(255 * share)));
    pixels[4 * i] = table[entry] as number;
    pixels[4 * i + 1] = table[entry + 1] as number;
    pixels[4 * i + 2] = table[entry + 2] as number;
    pixels[4 * i + 3] = Number.isNaN(value) ? 0 : fades ? 255 * Math.min(1, Math.abs(value)) : 255;
  }
  put(canvas, pixels, width, height);
}

/** Values in colours. */
export function ValuesCanvas({ label, class: name, ...shown }: Named & ColouredValues) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) drawValues(canvas.current, shown);
  }, [shown.values, shown.colours, shown.fades]);
  return <canvas ref={canvas} {...named(label)} class={name} />;
}

/** Draws a picture; the canvas gets its size. */
export function drawPicture(canvas: HTMLCanvasElement | OffscreenCanvas, picture: Picture): void {
  put(canvas, rgbaPixels(picture), picture.width, picture.height);
}

function put(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  pixels: Uint8ClampedArray<ArrayBuffer>,
  width: number,
  height: number,
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null;
  context?.putImageData(new ImageData(pixels, width, height), 0, 0);
}
