/** @file `npm run ops`: writes OPS.md. */
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '../onnx/files/files.node.js';
import { operatorReference } from './operators.js';

await writeFileAtomic(fileURLToPath(new URL('../../OPS.md', import.meta.url)), await operatorReference());
