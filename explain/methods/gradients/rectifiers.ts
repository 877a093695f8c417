/** @file Methods that change what rectifiers pass explain only networks that have some. */
import { rectifiedValue } from '../../../onnx/gradient/guided.js';
import { InputError } from '../../../onnx/errors.js';
import { subgraphNodes } from '../../../onnx/graph/order.js';
import { Types } from '../../../onnx/shapes/types.js';
import { pathNodes } from '../../layers/path.js';
import { remembered } from '../../layers/remembered.js';
import type { ExplainedNetwork } from '../kinds/method.js';

/** @throws InputError if no rectifier is between the picture and the scores, so that the gradient would be the plain one */
export function expectRectifiers({ graph, head }: ExplainedNetwork): void {
  remembered(graph, ['rectifiers', head.logits], () => {
    const nodes = pathNodes(graph, graph.inputs[0]?.name ?? '', head.logits);
    const types = Types.of(graph);
    const isRectifier = (node: (typeof nodes)[number]) =>
      rectifiedValue(node, types) !== undefined || subgraphNodes(node).some(({ opType }) => opType.endsWith('Relu'));
    if (nodes.some(isRectifier)) return;
    throw new InputError({
      name: 'method',
      expected:
        'a network with rectifiers (such as Relu, LeakyRelu, PRelu, Clip from 0) for guided-backprop, deconvolution and guided-gradcam',
      got: 'none, so that they would use the gradient of saliency',
    });
  });
}
