/**
 * @file Windows bitmaps (.bmp), which sharp cannot read; the decoders on npm ignore palettes, row order or the offset of the
 * pixels. Format: "Bitmap Storage" in the documentation of Windows GDI.
 */
import { InputError } from '../../onnx/errors.js';
import { MAX_PIXELS, type Picture } from './pictures.js';

/** Compression methods. */
const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BIT_FIELDS = 3;
const ALPHA_BIT_FIELDS = 6;

const CORE_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;

/** What the headers say. */
interface Layout {
  width: number;
  height: number;
  topDown: boolean;
  bits: number;
  compression: number;
  /** Where the pixels begin. */
  offset: number;
  /** RGB of each colour. */
  palette: Uint8Array;
  /** Of 16 and 32 bits: where red, green and blue are. */
  masks: readonly [number, number, number];
}

/** Whether the bytes of a file are a Windows bitmap. */
export function isBmp(bytes: Uint8Array): boolean {
  return bytes.length >= 26 && bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/**
 * The picture in a bitmap of 1, 4, 8, 16, 24 or 32 bits, run-length encoded or not; transparency is ignored.
 * @param name what to call the file in errors
 * @throws InputError if it is damaged, of another kind, or larger than `MAX_PIXELS`
 */
export function decodeBmp(bytes: Uint8Array, name: string): Picture {
  const refuse = (reason: string): never => {
    throw new InputError({ name, expected: `a bitmap of at most ${MAX_PIXELS} pixels`, got: `an error (${reason})` });
  };
  try {
    const layout = readLayout(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes);
    const problem = layoutProblem(layout);
    if (problem !== undefined) return refuse(problem);
    const { width, height, bits, compression } = layout;
    const stride = 4 * Math.ceil((width * bits) / 32);
    const isPacked = compression === RLE4 || compression === RLE8;
    if (!isPacked && layout.offset + stride * height > bytes.length) return refuse('the file is cut off');
    const data = isPacked
      ? paletteColours(runLengthIndices(bytes, layout), layout)
      : bits <= 8
        ? paletteColours(plainIndices(bytes, layout, stride), layout)
        : directColours(bytes, layout, stride);
    return { width, height, channels: 3, data };
  } catch (error) {
    // Reading beyond the end.
    if (error instanceof RangeError) return refuse('the file is cut off');
    throw error;
  }
}

function readLayout(view: DataView, bytes: Uint8Array): Layout {
  const offset = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  const core = headerBytes === CORE_HEADER_BYTES;
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(core ? 24 : 28, true);
  const compression = core ? RGB : view.getUint32(30, true);
  const withMasks = compression === BIT_FIELDS || compression === ALPHA_BIT_FIELDS;
  const maskBytes = withMasks && headerBytes === INFO_HEADER_BYTES ? (compression === BIT_FIELDS ? 12 : 16) : 0;
  const start = 14 + headerBytes + maskBytes;
  const stated = core ? 0 : view.getUint32(46, true);
  const colours = [1, 4, 8].includes(bits) ? Math.min(stated || 2 ** bits, 2 ** bits) : 0;
  const entry = core ? 3 : 4;
  const palette = new Uint8Array(3 * 2 ** Math.min(bits, 8));
  for (let i = 0; i < colours; i++) {
    const at = start + i * entry;
    palette.set([view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at)], 3 * i);
  }
  const mask = (index: number) => view.getUint32(54 + 4 * index, true);
  const usual = bits === 16 ? ([0x7c00, 0x3e0, 0x1f] as const) : ([0xff0000, 0xff00, 0xff] as const);
  return {
    width,
    height: Math.abs(signed),
    topDown: signed < 0,
    bits,
    compression,
    offset: offset > 0 ? offset : Math.min(start + colours * entry, bytes.length),
    palette,
    masks: withMasks ? [mask(0), mask(1), mask(2)] : usual,
  };
}

function layoutProblem({ width, height, topDown, bits, compression, masks }: Layout): string | undefined {
  if (width < 1 || height < 1) return `a size of ${width}×${height}`;
  if (width * height > MAX_PIXELS) return `${width}×${height} pixels`;
  if (![1, 4, 8, 16, 24, 32].includes(bits)) return `${bits} bits per pixel`;
  const fits: Record<number, boolean> = {
    [RGB]: true,
    [RLE8]: bits === 8 && !topDown,
    [RLE4]: bits === 4 && !topDown,
    [BIT_FIELDS]: bits === 16 || bits === 32,
    [ALPHA_BIT_FIELDS]: bits === 16 || bits === 32,
  };
  if (!fits[compression]) return `compression ${compression} of ${bits} bits`;
  return bits !== 24 && bits > 8 && masks.some((mask) => mask === 0) ? 'a colour without a mask' : undefined;
}

/** The row of the file that is row `y` of the picture. */
const fileRow = ({ height, topDown }: Layout, y: number) => (topDown ? y : height - 1 - y);

/** Colours' numbers of pixels that are packed into bytes. */
function plainIndices(bytes: Uint8Array, layout: Layout, stride: number): Uint8Array {
  const { width, height, bits, offset } = layout;
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let y = 0; y < height; y++) {
    const row = offset + fileRow(layout, y) * stride;
    for (let x = 0; x < width; x++) {
      const byte = bytes[row + Math.floor(x / perByte)] as number;
      indices[y * width + x] = (byte >> (8 - bits * ((x % perByte) + 1))) & mask;
    }
  }
  return indices;
}

/** Colours' numbers of run-length encoded pixels; what is skipped is colour 0. */
function runLengthIndices(bytes: Uint8Array, { width, height, bits, offset }: Layout): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [at, x, y] = [offset, 0, 0];
  const next = () => {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('beyond the end');
    return byte;
  };
  const put = (index: number) => {
    if (x < width && y < height) indices[(height - 1 - y) * width + x] = index;
    x++;
  };
  const nibble = (byte: number, position: number) => (position % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    const [count, value] = [next(), next()];
    if (count > 0) {
      for (let i = 0; i < count; i++) put(bits === 8 ? value : nibble(value, i));
    } else if (value === 0) {
      [x, y] = [0, y + 1];
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      x += next();
      y += next();
    } else {
      const length = bits === 8 ? value : Math.ceil(value / 2);
      const literal = Array.from({ length }, next);
      for (let i = 0; i < value; i++) {
        put(bits === 8 ? (literal[i] as number) : nibble(literal[i >> 1] as number, i));
      }
      if (length % 2 === 1) next();
    }
  }
  return indices;
}

function paletteColours(indices: Uint8Array, { palette }: Layout): Uint8Array {
  const data = new Uint8Array(3 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const at = 3 * (indices[i] as number);
    data[3 * i] = palette[at] as number;
    data[3 * i + 1] = palette[at + 1] as number;
    data[3 * i + 2] = palette[at + 2] as number;
  }
  return data;
}

/** Pixels of 16, 24 or 32 bits. */
function directColours(bytes: Uint8Array, layout: Layout, stride: number): Uint8Array {
  const { width, height, bits, offset, masks } = layout;
  const data = new Uint8Array(3 * width * height);
  const step = bits / 8;
  const channels = masks.map(channelOf);
  const isBytes = bits >= 24 && masks.every((mask, channel) => mask === 0xff0000 >> (8 * channel));
  for (let y = 0; y < height; y++) {
    const row = offset + fileRow(layout, y) * stride;
    for (let x = 0; x < width; x++) {
      const at = row + x * step;
      const to = 3 * (y * width + x);
      if (isBytes) {
        for (let channel = 0; channel < 3; channel++) data[to + channel] = bytes[at + 2 - channel] as number;
        continue;
      }
      let value = 0;
      for (let byte = step - 1; byte >= 0; byte--) value = value * 256 + (bytes[at + byte] as number);
      for (let channel = 0; channel < 3; channel++) data[to + channel] = channels[channel]?.(value) ?? 0;
    }
  }
  return data;
}

/** The part of a pixel that a mask marks, as 0…255. */
function channelOf(mask: number): (pixel: number) => number {
  const shift = 31 - Math.clz32(mask & -mask);
  const most = (mask >>> shift) >>> 0;
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / most);
}
