/** @file Builds the page, and the library as one module for pages without a bundler, into dist/browser. */
import { defineConfig, type Plugin } from 'vite';
import { colourStyle } from '../inference/figures/theme.js';

/**
 * Leaves onnxruntime-web out: its modules are loaded at run time from the folder `onnxruntime-web/` beside the page, where
 * gan-studio serves the installed package and other servers have a copy of its `dist/`.
 */
function runtimeBeside(): Plugin {
  const prefix = '\0runtime:';
  return {
    name: 'runtime-beside',
    enforce: 'pre',
    resolveId: (id) => (/^onnxruntime-web\/(wasm|webgpu)$/.test(id) ? prefix + id.split('/')[1] : undefined),
    load(id) {
      if (!id.startsWith(prefix)) return undefined;
      // Chunks lie in assets/, one folder below the page and ganscope.js.
      return `const folder = import.meta.url.replace(/(?:assets\\/)?[^/]*$/, 'onnxruntime-web/');
const runtime = await import(/* @vite-ignore */ folder + 'ort.${id.slice(prefix.length)}.bundle.min.mjs');
export const { env, InferenceSession, Tensor } = runtime;`;
    },
  };
}

/** Puts the colours and text sizes of figures and reports in front of the page's style, after its imports. */
const theme: Plugin = {
  name: 'theme',
  enforce: 'pre',
  transform: (code, id) =>
    id.replace('?inline', '').endsWith('/page/app/style.css')
      ? code.replace(/^(@import [^;]+;\s*)+/m, (imports) => `${imports}${colourStyle()}`)
      : undefined,
};

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  plugins: [theme, runtimeBeside()],
  build: {
    outDir: '../dist/browser',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: { page: `${import.meta.dirname}/index.html`, ganscope: `${import.meta.dirname}/ganscope.ts` },
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: ({ name }) => (name === 'ganscope' ? 'ganscope.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  worker: { format: 'es', plugins: () => [runtimeBeside()] },
});
