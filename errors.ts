/** @file `ganscope/errors`: the one error for bad input, and its message in a program's own words; loads at once. */
export { InputError, inputMessage, printable, type InputProblem, withoutControls } from './onnx/errors.js';
