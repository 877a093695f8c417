// Tests run on what `tsc` built, so worker threads and fixtures are found exactly where users find them.
import { defineConfig } from 'vitest/config';

// Some tests load ONNX Runtime themselves; the package turns its telemetry off before it does.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

export default defineConfig({
  test: {
    include: ['dist/**/*.test.js'],
    // Not ours: loaded by Node as it is.
    server: { deps: { external: [/\/dist\/wasm\//] } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
