/** @file Shortens the messages of native drivers to one line. */

const MAX_REASON = 120;

/**
 * The missing library, CUDA's error, or the end of the message, where ONNX Runtime's checks state the cause.
 * @param message the error's message
 * @param printed output of the driver
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
