import { expect, test } from 'vitest';
import { essence } from './essence.js';

test('essence(message, printed) is the failure, not where in the source it was noticed', () => {
  const failure =
    '/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:129 std::conditional_t<THRW, void, onnxruntime::common::Status> ' +
    'onnxruntime::CudaCall(ERRTYPE, const char*, const char*, SUCCTYPE, const char*, const char*, int) [with ERRTYPE = cudaError; ' +
    'bool THRW = true] CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=host ; ' +
    'file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider.cc ; line=282 ; expr=cudaSetDevice(info_.device_id);';
  expect(essence(failure)).toBe('CUDA failure 100: no CUDA-capable device is detected');
  expect(essence('no available backend found', failure)).toBe('CUDA failure 100: no CUDA-capable device is detected');
});

test('essence(message, printed) is the library that is missing', () => {
  const printed =
    'Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file or directory';
  expect(essence('the provider cannot be loaded', printed)).toBe('libcudnn.so.9 is missing');
});

test('essence(message) is the end of a check, and at most 120 letters', () => {
  expect(essence('dawn.cc:12 adapter was false. Failed to get a WebGPU adapter')).toBe(
    'Failed to get a WebGPU adapter',
  );
  expect(essence('x'.repeat(200))).toBe(`${'x'.repeat(120)}…`);
});
