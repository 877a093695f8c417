/** @file Builds TensorFlow.js into one file, dist/exporter/tf.js: installed as packages it takes 80 MB and many files to load. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: `${import.meta.dirname}/tf.ts`,
    outDir: '../dist/exporter',
    emptyOutDir: false,
    target: 'node20',
    minify: true,
    license: { fileName: 'tf.LICENSE.md' },
    rolldownOptions: { output: { entryFileNames: 'tf.js', codeSplitting: false } },
  },
});
