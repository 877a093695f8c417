/** @file What the comparison of an exported model with tfjs tells; it knows no types of tfjs, as users see it. */

/** How far one output is from the original. */
export interface OutputDifference {
  output: string;
  /** Largest absolute difference; NaN if there is a NaN. */
  difference: number;
  /** Largest absolute number of the original. */
  magnitude: number;
}
