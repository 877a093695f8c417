/** @file Models that bring functions and subgraphs along. */
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import {
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  TensorProto_DataType,
  type AttributeProtoSchema,
  type FunctionProtoSchema,
  type NodeProtoSchema,
} from '../proto/onnx_pb.js';
import { modelFromBytes } from '../files/read.js';
import { subgraphNodes } from '../graph/order.js';
import { Types } from '../shapes/types.js';
import { upgradedModel } from './upgrade.js';
import { modelBytes } from '../files/write.js';

type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
type FunctionInit = MessageInitShape<typeof FunctionProtoSchema>;

const domain = 'local';
const node = (opType: string, input: string[], output: string[], rest: NodeInit = {}): NodeInit => ({
  opType,
  input,
  output,
  ...rest,
});
const floatAttribute = (name: string, f: number): MessageInitShape<typeof AttributeProtoSchema> => ({
  name,
  type: Kind.FLOAT,
  f,
});
const reference = (name: string, refAttrName: string) => ({ name, refAttrName, type: Kind.FLOAT });

/** leak(x) = LeakyReLU(x; slope), slope 0.25 if the call does not say; written for the model's opset. */
const leak: FunctionInit = {
  name: 'Leak',
  domain,
  input: ['x'],
  output: ['y'],
  attributeProto: [floatAttribute('slope', 0.25)],
  node: [node('LeakyRelu', ['x'], ['y'], { attribute: [reference('alpha', 'slope')] })],
  opsetImport: [{ domain: '', version: 17n }],
};

/** twice(a, b) = leak(leak(a; gain) + b), and the inner sum clipped to at most `gain`, in the form of opset 17. */
const twice: FunctionInit = {
  name: 'Twice',
  domain,
  input: ['a', 'b'],
  output: ['y', 'clipped'],
  attribute: ['gain'],
  node: [
    node('Leak', ['a'], ['t'], { domain, attribute: [reference('slope', 'gain')] }),
    node('Add', ['t', 'b'], ['sum']),
    node('Leak', ['sum'], ['y'], { domain }),
    node('Constant', [], ['bound'], { attribute: [reference('value_float', 'gain')] }),
    node('Clip', ['sum', '', 'bound'], ['clipped']),
  ],
  opsetImport: [
    { domain: '', version: 17n },
    { domain, version: 1n },
  ],
};

function bytesOf(nodes: NodeInit[], functions: FunctionInit[], outputs: string[], version = 17n): Uint8Array {
  const value = (name: string) => ({
    name,
    type: { value: { case: 'tensorType' as const, value: { elemType: TensorProto_DataType.FLOAT, shape } } },
  });
  const shape = { dim: [2, 3].map((dim) => ({ value: { case: 'dimValue' as const, value: BigInt(dim) } })) };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [
        { domain: '', version },
        { domain, version: 1n },
      ],
      functions,
      graph: { name: 'g', node: nodes, input: [value('x')], output: outputs.map(value) },
    }),
  );
}

async function run(bytes: Uint8Array): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const results = await session.run({ x: new Tensor('float32', [-3, -1, -0.5, 0.25, 1, 2], [2, 3]) });
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

describe('upgradedModel(model with functions)', () => {
  it('inlines them: nested, with attributes given, passed on and left to their defaults', async () => {
    const calls = [
      node('Twice', ['x', 'x'], ['p', 'q'], { domain, name: 'first', attribute: [floatAttribute('gain', 0.5)] }),
      node('Twice', ['p', 'q'], ['y', ''], { domain, name: 'second', attribute: [floatAttribute('gain', 2)] }),
    ];
    const bytes = bytesOf(calls, [leak, twice], ['y', 'q']);
    const upgraded = upgradedModel(modelFromBytes(bytes));
    expect(upgraded.graph.nodes.map(({ op }) => op)).toEqual(
      [1, 2].flatMap(() => ['LeakyRelu', 'Add', 'LeakyRelu', 'Constant', 'Clip']),
    );
    expect(upgraded.graph.nodes[1]?.outputs).toEqual(['first/sum']);
    expect(upgraded.origin?.functions).toEqual([]);
    expect(Types.of(upgraded.graph).shape('y')).toEqual([2, 3]);
    expect(await run(modelBytes(upgraded))).toEqual(await run(bytes));
  });

  it('inlines functions that hand an input on', async () => {
    const both: FunctionInit = { ...leak, name: 'Both', output: ['y', 'x'] };
    const bytes = bytesOf([node('Both', ['x'], ['y', 'same'], { domain })], [both], ['y', 'same']);
    const { y, same } = await run(modelBytes(upgradedModel(modelFromBytes(bytes))));
    expect(same).toEqual([-3, -1, -0.5, 0.25, 1, 2]);
    expect(y).toEqual([-0.75, -0.25, -0.125, 0.25, 1, 2]);
  });

  it('reads each function in its own opset', () => {
    const older: FunctionInit = {
      name: 'Old',
      domain,
      input: ['x'],
      output: ['y'],
      node: [node('Clip', ['x'], ['y'], { attribute: [floatAttribute('max', 1)] })],
      opsetImport: [{ domain: '', version: 9n }],
    };
    const { graph } = upgradedModel(modelFromBytes(bytesOf([node('Old', ['x'], ['y'], { domain })], [older], ['y'])));
    expect(graph.nodes[0]).toMatchObject({ op: 'Clip', inputs: ['x', '', 'const/float32/1'], attributes: {} });
  });

  it('inlines those that subgraphs call, whose names stay apart from those around', async () => {
    const call = (output: string) => node('Leak', ['t'], [output], { domain, name: 'call' });
    const doubled: FunctionInit = {
      ...leak,
      name: 'Doubled',
      node: [node('Add', ['x', 'x'], ['two']), node('Neg', ['two'], ['y'])],
    };
    const branch = (name: string, nodes: NodeInit[]) => ({
      name: `${name}_branch`,
      type: Kind.GRAPH,
      g: { name, node: nodes, output: [{ name: nodes.at(-1)?.output?.[0] ?? '' }] },
    });
    const choice = (output: string, yes: NodeInit[], no: NodeInit[]) =>
      node('If', ['flag'], [output], { name: output, attribute: [branch('then', yes), branch('else', no)] });
    const inner = choice('inner', [node('Doubled', ['around'], ['twice'], { domain, name: 'call' })], [call('other')]);
    const nodes = [
      node('Doubled', ['x'], ['around'], { domain, name: 'call' }),
      node('ReduceMax', ['x'], ['max']),
      node('Cast', ['max'], ['flag'], { attribute: [{ name: 'to', type: Kind.INT, i: 9n }] }),
      choice('y', [node('Relu', ['around'], ['t']), inner], [node('Leak', ['x'], ['no'], { domain })]),
    ];
    const bytes = bytesOf(nodes, [leak, doubled], ['y']);
    const upgraded = upgradedModel(modelFromBytes(bytes));
    const inside = upgraded.graph.nodes.flatMap(subgraphNodes);
    expect([...upgraded.graph.nodes.map((each) => each.domain), ...inside.map((each) => each.domain)].join('')).toBe(
      '',
    );
    expect(upgraded.graph.nodes[0]?.outputs).toEqual(['call/two']);
    expect(inside.flatMap(({ output }) => output)).toContain('y/then_branch/inner/then_branch/call/two');
    expect(await run(modelBytes(upgraded))).toEqual(await run(bytes));
    const older = { ...leak, opsetImport: [{ domain: '', version: 13n }] };
    expect(() => upgradedModel(modelFromBytes(bytesOf(nodes, [older, doubled], ['y'])))).toThrow(
      /^If "(y|inner)": functions in its (then|else)_branch: expected the model's opset 17; got 13$/,
    );
  });

  it('refuses functions that call themselves, and ones that grow without bounds', () => {
    const itself = { ...leak, name: 'Itself', node: [node('Itself', ['x'], ['y'], { domain })] };
    expect(() =>
      upgradedModel(modelFromBytes(bytesOf([node('Itself', ['x'], ['y'], { domain })], [itself], ['y']))),
    ).toThrow('the function calls itself');
    const levels = Array.from({ length: 12 }, (_, level): FunctionInit => {
      const called = level === 0 ? node('Relu', ['x'], ['y']) : node(`F${level - 1}`, ['x'], ['y'], { domain });
      return { ...leak, name: `F${level}`, node: Array.from({ length: 10 }, () => called) };
    });
    const bomb = bytesOf([node('F11', ['x'], ['y'], { domain })], levels, ['y']);
    expect(() => upgradedModel(modelFromBytes(bomb))).toThrow('expected at most 50000 nodes');
  });
});

describe('upgradedModel(model with subgraphs)', () => {
  const withBranch = (inner: NodeInit, version: bigint) => {
    const branch = { type: Kind.GRAPH, g: { name: 'b', node: [inner], output: [{ name: 'inner' }] } };
    const nodes = [
      node('ReduceMax', ['x'], ['max']),
      node('Cast', ['max'], ['flag'], { attribute: [{ name: 'to', type: Kind.INT, i: 9n }] }),
      node('If', ['flag'], ['y'], {
        name: 'choice',
        attribute: [
          { name: 'then_branch', ...branch },
          { name: 'else_branch', ...branch },
        ],
      }),
    ];
    return modelFromBytes(bytesOf(nodes, [], ['y'], version));
  };

  it('leaves operators that did not change as they are', () => {
    const { graph } = upgradedModel(withBranch(node('Relu', ['x'], ['inner']), 9n));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['ReduceMax', 'Cast', 'If']);
  });

  it('puts the branch that runs in the place of an If whose condition follows from sizes', async () => {
    const branch = (op: string, name: string) => ({
      name: `${op === 'Neg' ? 'then' : 'else'}_branch`,
      type: Kind.GRAPH,
      g: { name, node: [node(op, ['x'], [`${name}_value`])], output: [{ name: `${name}_value` }] },
    });
    const constant = (name: string, value: bigint) =>
      node('Constant', [], [name], { attribute: [{ name: 'value_int', type: Kind.INT, i: value }] });
    for (const [size, op, sign] of [
      [3n, 'Neg', -1],
      [4n, 'Abs', 1],
    ] as const) {
      const nodes = [
        constant('axis', 1n),
        constant('size', size),
        node('Shape', ['x'], ['shape']),
        node('Gather', ['shape', 'axis'], ['columns']),
        node('GreaterOrEqual', ['columns', 'size'], ['low']),
        node('LessOrEqual', ['columns', 'size'], ['high']),
        node('And', ['low', 'high'], ['both']),
        node('Not', ['both'], ['other']),
        node('Equal', ['columns', 'size'], ['same']),
        node('Not', ['other'], ['fits']),
        node('Or', ['fits', 'same'], ['flag']),
        node('If', ['flag'], ['y'], { attribute: [branch('Neg', 'a'), branch('Abs', 'b')] }),
      ];
      const bytes = bytesOf(nodes, [], ['y']);
      const upgraded = upgradedModel(modelFromBytes(bytes));
      expect(upgraded.graph.nodes.slice(-2).map((each) => each.op)).toEqual([op, 'Identity']);
      expect(await run(modelBytes(upgraded))).toEqual(await run(bytes));
      expect((await run(bytes))['y']?.[5]).toBe(sign * 2);
    }
  });

  it('refuses what reads an output that opset 17 does not have inside a subgraph', () => {
    const branch = (name: string, value: string) => ({
      name: `${name}_branch`,
      type: Kind.GRAPH,
      g: { name, node: [node('Identity', [value], [`${name}_value`])], output: [{ name: `${name}_value` }] },
    });
    const nodes = [
      node('ReduceMax', ['x'], ['max']),
      node('Cast', ['max'], ['flag'], { attribute: [{ name: 'to', type: Kind.INT, i: 9n }] }),
      node('Dropout', ['x'], ['kept', 'mask'], { name: 'drop' }),
      node('If', ['flag'], ['y'], { attribute: [branch('then', 'mask'), branch('else', 'kept')] }),
    ];
    expect(() => upgradedModel(modelFromBytes(bytesOf(nodes, [], ['y'], 9n)))).toThrow(
      'Dropout "drop": its output "mask" has no counterpart in opset 17',
    );
  });

  it('brings operators that did change to opset 17, also in branches of branches', async () => {
    const axes = (...values: bigint[]) => ({ attribute: [{ name: 'axes', type: Kind.INTS, ints: values }] });
    const branch = (name: string, nodes: NodeInit[], value: string) => ({
      name: `${name}_branch`,
      type: Kind.GRAPH,
      g: { name, node: nodes, output: [{ name: value }] },
    });
    const positive = (value: string, flag: string) =>
      node('Cast', [value], [flag], { attribute: [{ name: 'to', type: Kind.INT, i: 9n }] });
    const inner = [
      node('Unsqueeze', ['x'], ['raised'], axes(0n)),
      node('Softmax', ['raised'], ['flat_softmax']),
      node('Squeeze', ['flat_softmax'], ['lowered'], axes(0n)),
    ];
    const choice = (flag: string, output: string, yes: NodeInit[], no: NodeInit[]) =>
      node('If', [flag], [output], {
        name: output,
        attribute: [
          branch('then', yes, yes.at(-1)?.output?.[0] ?? ''),
          branch('else', no, no.at(-1)?.output?.[0] ?? ''),
        ],
      });
    const yes = [
      node('ReduceSum', ['x'], ['sum'], axes(0n, 1n)),
      positive('sum', 'inner_flag'),
      choice('inner_flag', 'inner_y', inner, [
        node('Clip', ['x'], ['bounded'], { attribute: [floatAttribute('max', 1)] }),
      ]),
    ];
    const nodes = [
      node('ReduceMax', ['x'], ['max']),
      positive('max', 'flag'),
      node('Unsqueeze', ['max'], ['outer'], axes(0n)),
      choice('flag', 'y', yes, [node('Neg', ['x'], ['negative'])]),
    ];
    const bytes = bytesOf(nodes, [], ['y'], 9n);
    const upgraded = modelBytes(upgradedModel(modelFromBytes(bytes)));
    expect(await run(upgraded)).toEqual(await run(bytes));
    const { graph } = modelFromBytes(upgraded);
    const inside = graph.nodes.flatMap(subgraphNodes);
    expect(inside.filter(({ opType }) => opType === 'Unsqueeze').map(({ input }) => input.length)).toEqual([2]);
    const names = [...graph.nodes, ...inside].map(({ name }) => name).filter((name) => name !== '');
    expect(new Set(names).size).toBe(names.length);
  });
});
