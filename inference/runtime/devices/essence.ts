/** @file What matters in the messages of native drivers, in one short line. */

const MAX_REASON = 120;

/**
 * The library that is missing, CUDA's failure, or the end of the message, where ONNX Runtime's checks say what failed.
 * @param message of the error
 * @param printed what the driver wrote meanwhile
 */
export function essence(message: string, printed = ''): string {
  const [, library] = /([^\s/:]+\.so[.\d]*): cannot open shared object file/.exec(`${message}\n${printed}`) ?? [];
  if (library) return `${library} is missing`;
  const [failure] = /CU(?:DA|DNN|BLAS) failure \d+: [^;\n]+/.exec(`${message}\n${printed}`) ?? [];
  if (failure) return shortened(failure.trim());
  const line = message.trim().replaceAll(/\s+/g, ' ');
  return shortened(line.includes(' was false. ') ? line.slice(line.lastIndexOf(' was false. ') + 12) : line);
}

function shortened(line: string): string {
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line;
}
