/** @file The colours of heatmaps: OpenCV's COLORMAP_JET. */

function clamped(value: number): number {
  return Math.min(255, Math.max(0, value));
}

/**
 * OpenCV's table for 0…255, in RGB order: 256 × 3 bytes. Each channel is a trapezoid with ramps of 4 levels per step.
 * OpenCV keeps the table as decimal fractions (class `Jet` in modules/imgproc/src/colormap.cpp); one of them, blue of
 * entry 159, falls just short of 1.5/255 there and so rounds to 1 rather than 2.
 */
const TABLE = Uint8Array.from({ length: 256 * 3 }, (_, at) => {
  const i = Math.floor(at / 3);
  const channel = at % 3;
  if (channel === 0) return clamped(i < 160 ? 4 * (i - 96) + 2 : 4 * (287 - i));
  if (channel === 1) return clamped(i < 128 ? 4 * (i - 32) : 4 * (223 - i));
  if (i === 159) return 1;
  return clamped(i < 96 ? 4 * i + 128 : 4 * (159 - i) + 2);
});

/**
 * The colour of a value as `cv2.applyColorMap(np.uint8(255 * value), cv2.COLORMAP_JET)` gives it, in float32 and
 * truncated like there: dark blue for 0, green for the middle, dark red for 1.
 * @param value 0…1; what lies outside gets the colour of the nearer end
 * @returns [red, green, blue], each 0…255
 */
export function jet(value: number): [number, number, number] {
  const entry = 3 * Math.trunc(clamped(Math.fround(255 * Math.fround(value))));
  return [TABLE[entry] ?? 0, TABLE[entry + 1] ?? 0, TABLE[entry + 2] ?? 0];
}
