/** @file Gradients through If and Loop: those of the branch that runs, and of all rounds. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../build/build.js';
import type { Attribute, Node } from '../graph/graph.js';
import { int64Tensor } from '../graph/tensor.js';
import { AttributeProto_AttributeType, AttributeProtoSchema, type GraphProtoSchema } from '../proto/onnx_pb.js';
import { outputsOf } from './check.test.helper.js';
import { gradients } from './walk.js';

type GraphInit = MessageInitShape<typeof GraphProtoSchema>;

const subgraph = (name: string, g: GraphInit): Attribute => ({
  kind: 'opaque',
  value: create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.GRAPH, g }),
});

const node = (opType: string, input: string[], output: string) => ({ opType, input, output: [output] });
const float = { value: { case: 'tensorType' as const, value: { elemType: 1 } } };
const typed = (elemType: number) => ({ value: { case: 'tensorType' as const, value: { elemType, shape: {} } } });

/** [w·x, sum(x) > 0 ? (w·x)² : −w·x], the second of which is `y`. */
function chosen(otherwise: GraphInit = branch('no', [node('Neg', ['scaled'], 'no/value')])) {
  const b = new GraphBuilder();
  b.input('x', 'float32', [2]);
  b.input('w', 'float32', [2]);
  b.mul('x', 'w', 'scaled');
  const condition = b.op('Greater', [b.reduceSum('x', [0], false), b.scalar(0)]);
  b.graph.valueInfo.set('y', { name: 'y', value: { type: 'float32', shape: [2] } });
  b.append(
    ofSubgraphs('If', [condition], {
      then_branch: subgraph('then_branch', branch('yes', [node('Mul', ['scaled', 'scaled'], 'yes/value')])),
      else_branch: subgraph('else_branch', otherwise),
    }),
  );
  return b;
}

const branch = (name: string, nodes: ReturnType<typeof node>[]): GraphInit => ({
  name,
  node: nodes,
  output: [{ name: nodes.at(-1)?.output[0] ?? '', type: float }],
});

const ofSubgraphs = (op: string, inputs: string[], attributes: Node['attributes'], outputs = ['y']): Node => ({
  op,
  domain: '',
  name: op.toLowerCase(),
  inputs,
  outputs,
  attributes,
});

describe('gradients(…) of If', () => {
  it.each([[[1, 2]], [[-1, -2]]])('are those of the branch that runs, for x = %j', async (x) => {
    const b = chosen();
    const w = [3, 3];
    const found = gradients(b, 'y', ['x', 'w']);
    b.output('y');
    for (const [value, gradient] of found) b.output(gradient as string, `d${value}`);
    b.output(gradients(b, found.get('x') as string, ['w']).get('w') as string, 'ddw');
    const results = await outputsOf(b, { x: { dims: [2], data: x }, w: { dims: [2], data: w } });
    // d(wx)² = 2w²x by x and 2wx² by w; d(−wx) = −w and −x
    const positive = (x[0] as number) > 0;
    expect(results['dx']).toEqual(
      x.map((value, at) => (positive ? 2 * (w[at] as number) ** 2 * value : -(w[at] as number))),
    );
    expect(results['dw']).toEqual(x.map((value, at) => (positive ? 2 * (w[at] as number) * value ** 2 : -value)));
    // d 2w²x = 4wx, and d(−w) = −1, by w
    expect(results['ddw']).toEqual(x.map((value, at) => (positive ? 4 * (w[at] as number) * value : -1)));
  });

  it('are finite where the branch that does not run has no finite ones, also once more', async () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [3]);
    const condition = b.op('Greater', [b.op('ReduceMax', ['x'], { keepdims: 0 }), b.scalar(0)]);
    b.graph.valueInfo.set('y', { name: 'y', value: { type: 'float32', shape: [3] } });
    b.append(
      ofSubgraphs('If', [condition], {
        then_branch: subgraph('then_branch', branch('yes', [node('Sqrt', ['x'], 'yes/value')])),
        else_branch: subgraph('else_branch', branch('no', [node('Mul', ['x', 'x'], 'no/value')])),
      }),
    );
    const first = gradients(b, 'y', ['x']).get('x') as string;
    b.output(first, 'd');
    b.output(gradients(b, first, ['x']).get('x') as string, 'dd');
    const [lower, upper] = [
      { dims: [3], data: [-1, 0, -2] },
      { dims: [3], data: [1, 4, 0.25] },
    ];
    expect(await outputsOf(b, { x: lower })).toEqual({ d: [-2, 0, -4], dd: [2, 2, 2] });
    expect(await outputsOf(b, { x: upper })).toEqual({ d: [0.5, 0.25, 1], dd: [-0.25, -0.03125, -2] });
  });

  it('names the node where the branches have different shapes, and the nearest layer after it', () => {
    const b = chosen(branch('no', [node('Size', ['scaled'], 'size'), node('Size', ['scaled'], 'no/value')]));
    expect(() => gradients(b, 'y', ['x'])).toThrow('If "if": a branch of [2] beside one of [] is not supported');
  });
});

describe('gradients(…) of Loop', () => {
  const body: GraphInit = {
    name: 'body',
    node: [node('Identity', ['goes'], 'on'), node('Mul', ['v', 'w'], 'next'), node('Identity', ['next'], 'kept')],
    input: [
      { name: 'i', type: typed(7) },
      { name: 'goes', type: typed(9) },
      { name: 'v', type: float },
    ],
    output: [
      { name: 'on', type: typed(9) },
      { name: 'next', type: float },
      { name: 'kept', type: float },
    ],
  };
  const looped = (rounds: string, goesOn = '', graph: GraphInit = body) => {
    const b = new GraphBuilder();
    b.input('x', 'float32', [1]);
    b.input('w', 'float32', [1]);
    b.input('flag', 'bool', []);
    b.input('open', 'int64', []);
    b.initializer('two', int64Tensor([2], []));
    const count = rounds === 'open' ? 'open' : b.scalar(Number(rounds), 'int64');
    b.graph.valueInfo.set('y', { name: 'y', value: { type: 'float32', shape: [1] } });
    b.graph.valueInfo.set('all', { name: 'all', value: { type: 'float32', shape: [3, 1] } });
    b.append(ofSubgraphs('Loop', [count, goesOn, 'x'], { body: subgraph('body', graph) }, ['y', 'all']));
    return b;
  };

  /** Its condition is false after the third round. */
  const counting: GraphInit = { ...body, node: [node('Less', ['i', 'two'], 'on'), ...(body.node ?? []).slice(1)] };

  it.each([
    ['has no condition', body],
    ['has a condition that is false after them', counting],
  ])('that %s are those of all rounds, through what it carries and what it collects', async (_, graph) => {
    const b = looped('3', '', graph);
    const score = b.add(b.op('Squeeze', ['y']), b.reduceSum('all', [0, 1], false));
    const found = gradients(b, score, ['x', 'w']);
    for (const [value, gradient] of found) b.output(gradient as string, `d${value}`);
    const sum = b.add(found.get('x') as string, found.get('w') as string);
    for (const [value, gradient] of gradients(b, sum, ['x', 'w'])) b.output(gradient as string, `dd${value}`);
    const pruned = { x: { dims: [1], data: [5] }, w: { dims: [1], data: [2] } };
    b.graph.inputs.splice(2);
    const results = await outputsOf(b, pruned);
    // xw³ + xw + xw² + xw³: by x 2w³ + w² + w, by w x(6w² + 2w + 1)
    // 2w³ + w² + w + x(6w² + 2w + 1): by x 6w² + 2w + 1, by w that + x(12w + 2)
    expect(results).toEqual({ dx: [22], dw: [145], ddx: [29], ddw: [159] });
  });

  it('are refused where the rounds together have too many nodes', () => {
    const wide = { ...body, node: Array.from({ length: 200 }, (_, at) => node('Neg', ['v'], `v${at}`)) };
    expect(() => gradients(looped('300', '', wide), 'y', ['x'])).toThrow(
      'Loop "loop": expected at most 50000 nodes; got 60000',
    );
  });

  it.each<[string, string, string, GraphInit?]>([
    ['open', '', 'Loop "loop": a number of rounds that is not constant is not supported'],
    ['3', 'flag', 'Loop "loop": a condition that may end it is not supported'],
    ['513', '', 'Loop "loop": expected at most 512 unrolled steps; got 513'],
    ['4', '', 'Loop "loop": a condition that may end it is not supported', counting],
  ])('names the node where it has %s rounds and the condition "%s"', (rounds, goesOn, message, graph) => {
    expect(() => gradients(looped(rounds, goesOn, graph), 'y', ['x'])).toThrow(message);
  });
});
