/** @file Which batch norms `foldedBatchNorm` leaves, and passes where subgraphs read what stands around them. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../build/build.js';
import type { AttributeValue } from '../graph/attributes.js';
import type { Attribute, Graph, Node } from '../graph/graph.js';
import { float32Tensor } from '../graph/tensor.js';
import { AttributeProto_AttributeType, AttributeProtoSchema } from '../proto/onnx_pb.js';
import { foldedBatchNorm } from './fold-batch-norm.js';
import { output } from './output.test.helper.js';
import { toFloat16 } from './to-float16.js';

/** A convolution `conv` of x [2, 1, 1, 2] and a batch norm of it, `norm`. */
function normalised(attributes: Record<string, AttributeValue> = {}, outputs = 1): GraphBuilder {
  const b = new GraphBuilder();
  b.input('x', 'float32', [2, 1, 1, 2]);
  const number = (name: string, value: number, dims = [1]) => b.initializer(name, float32Tensor([value], dims));
  b.op('Conv', ['x', number('w', 2, [1, 1, 1, 1])], {}, 'conv');
  const parameters = [number('scale', 3), number('bias', 1), number('mean', 0.5), number('variance', 4)];
  b.ops('BatchNormalization', ['conv', ...parameters], outputs, attributes, 'norm');
  return b;
}

/** An If whose branches hand on the convolution, or the batch norm. */
function choosing(): Graph {
  const b = normalised();
  const condition = b.op('Greater', [b.op('ReduceMax', ['x'], { keepdims: 0 }), b.scalar(0)]);
  const type = { value: { case: 'tensorType' as const, value: { elemType: 1 } } };
  const branch = (name: string, value: string): Attribute => ({
    kind: 'opaque',
    value: create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.GRAPH,
      g: {
        name,
        node: [{ opType: 'Identity', input: [value], output: [`${name}/value`] }],
        output: [{ name: `${name}/value`, type }],
      },
    }),
  });
  const attributes = { then_branch: branch('then_branch', 'conv'), else_branch: branch('else_branch', 'norm') };
  b.graph.valueInfo.set('chosen', { name: 'chosen', value: { type: 'float32', shape: [2, 1, 1, 2] } });
  b.append({ op: 'If', domain: '', name: 'if', inputs: [condition], outputs: ['chosen'], attributes });
  b.output(b.op('Relu', [b.add('norm', 'chosen')]), 'y');
  return b.graph;
}

const x = new Tensor('float32', Float32Array.of(1, -2, 3, 0.5), [2, 1, 1, 2]);
const operators = ({ nodes }: Graph) => nodes.map(({ op }) => op);

describe('foldedBatchNorm(graph)', () => {
  it('keeps the weights of convolutions apart of which one is named as the output of the other is', async () => {
    const b = normalised();
    const other = b.initializer('w2', float32Tensor([-5], [1, 1, 1, 1]));
    b.graph.nodes[0] = { ...(b.graph.nodes[0] as Node), name: 'second' };
    b.append({ op: 'Conv', domain: '', name: '', inputs: ['norm', other], outputs: ['second'], attributes: {} });
    b.output(b.op('BatchNormalization', ['second', 'scale', 'bias', 'mean', 'variance']), 'y');
    const folded = foldedBatchNorm(b.graph);
    expect(operators(folded)).toEqual(['Conv', 'Conv', 'Identity']);
    const [expected, found] = [await output(b.graph, { x }), await output(folded, { x })];
    expect([...(found.data as Float32Array)]).toEqual(
      [...(expected.data as Float32Array)].map((value) => expect.closeTo(value, 3)),
    );
  });

  it('makes a convolution and its batch norm one', async () => {
    const b = normalised();
    b.output('norm', 'y');
    expect(operators(foldedBatchNorm(b.graph))).toEqual(['Conv', 'Identity']);
    const [expected, found] = [await output(b.graph, { x }), await output(foldedBatchNorm(b.graph), { x })];
    expect([...(found.data as Float32Array)]).toEqual(
      [...(expected.data as Float32Array)].map((value) => expect.closeTo(value, 5)),
    );
  });

  it('leaves batch norms that normalise by the batch, have further outputs or are of another domain', () => {
    const trained = normalised({ training_mode: 1 }, 3);
    trained.output('norm', 'y');
    const further = normalised({}, 3);
    further.output('norm', 'y');
    const foreign = normalised();
    foreign.output('norm', 'y');
    foreign.graph.nodes = foreign.graph.nodes.map((node) =>
      node.op === 'BatchNormalization' ? { ...node, domain: 'other' } : node,
    );
    for (const { graph } of [trained, further, foreign])
      expect(operators(foldedBatchNorm(graph))).toEqual(['Conv', 'BatchNormalization', 'Identity']);
  });
});

describe.each([
  ['foldedBatchNorm', foldedBatchNorm, 5],
  ['toFloat16', toFloat16, 2],
])('%s(graph with subgraphs)', (_name, pass, digits) => {
  it('keeps what they read', async () => {
    const graph = choosing();
    const [expected, found] = [await output(graph, { x }), await output(pass(graph), { x })];
    expect([...(found.data as Float32Array)]).toEqual(
      [...(expected.data as Float32Array)].map((value) => expect.closeTo(value, digits)),
    );
  });
});
