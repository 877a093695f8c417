/** @file tfjs's own type of a layers model, for the code that looks inside one; users hand over a `LayersModel`. */
export type { LayersModel } from '@tensorflow/tfjs-layers';
