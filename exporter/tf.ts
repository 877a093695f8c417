/** @file TensorFlow.js as everything here imports it: `tf` is its core with the plain JavaScript backend, `tfl` its layers. */
import * as tf from '@tensorflow/tfjs-core';

// Silences the advice to install tfjs-node that the plain backend prints; in tfjs 4.22 the flag does nothing else.
tf.env().set('PROD', true);

export { tf };

// The backend registers itself when it is loaded.
export * as tfCpu from '@tensorflow/tfjs-backend-cpu';
export * as tfl from '@tensorflow/tfjs-layers';
