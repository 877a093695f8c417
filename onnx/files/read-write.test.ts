/** @file Models survive a round trip through bytes, and broken files are refused. */
import { fromBinary, toBinary, type Message } from '@bufbuild/protobuf';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { goldenPath } from '../../fixtures/golden.js';
import { float } from '../graph/attributes.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { InputError } from '../errors.js';
import { elementCount, type Model, type Tensor } from '../graph/graph.js';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
  type ModelProto,
  type TypeProto,
} from '../proto/onnx_pb.js';
import { modelFromBytes, valueTypeOf } from './read.js';
import { float16Bits, float16Value, float32Tensor, numbersOf } from '../graph/tensor.js';
import { Types } from '../shapes/types.js';
import { upgradedModel } from '../upgrade/upgrade.js';
import { modelBytes } from './write.js';

const file = readFileSync(goldenPath('plain-cnn.onnx'));

describe('modelFromBytes and modelBytes', () => {
  it('give the same bytes for the same model', () => {
    const once = modelBytes(modelFromBytes(file));
    expect(Buffer.from(modelBytes(modelFromBytes(once)))).toEqual(Buffer.from(once));
  });

  it('keep fields that are not modelled: unknown ones, documentation, annotations, sparse tensors', () => {
    const proto = fromBinary(ModelProtoSchema, file);
    const unknown = { no: 900, wireType: 2, data: Uint8Array.of(3, 1, 2, 3) };
    const parts: Message[] = [proto, proto.graph, proto.graph?.node[0], proto.graph?.initializer[0]] as Message[];
    for (const part of parts) part.$unknown = [unknown];
    Object.assign(proto.graph as object, { docString: 'what it is' });
    proto.graph?.quantizationAnnotation.push({
      $typeName: 'onnx.TensorAnnotation',
      tensorName: 'input',
      quantParameterTensorNames: [],
    } as never);
    proto.graph?.sparseInitializer.push({ $typeName: 'onnx.SparseTensorProto', dims: [3n] } as never);
    const again = fromBinary(ModelProtoSchema, modelBytes(modelFromBytes(toBinary(ModelProtoSchema, proto))));
    for (const part of [again, again.graph, again.graph?.node[0], again.graph?.initializer[0]])
      expect(part?.$unknown).toEqual([unknown]);
    expect(again.graph?.docString).toBe('what it is');
    expect(again.graph?.quantizationAnnotation[0]?.tensorName).toBe('input');
    expect(again.graph?.sparseInitializer[0]?.dims).toEqual([3n]);
  });

  it('list initializers among the inputs of a file before IR 4, which must have them there', () => {
    const listed = (irVersion: number) => {
      const bytes = modelBytes({ ...modelFromBytes(file), irVersion });
      const { input = [], initializer = [] } = fromBinary(ModelProtoSchema, bytes).graph ?? {};
      return { input, names: initializer.map(({ name }) => name) };
    };
    const { input, names } = listed(3);
    expect(input.map(({ name }) => name)).toEqual(['input', ...names]);
    const infos = new Map(input.map((info) => [info.name, info]));
    const weights = modelFromBytes(file).graph.initializers;
    for (const [name, { type, dims }] of weights) {
      expect(valueTypeOf(infos.get(name)?.type as TypeProto, name)).toEqual({ type, shape: dims });
    }
    expect(listed(4).input.map(({ name }) => name)).toEqual(['input']);
  });

  it('keep tensors of every type, typed fields and raw bytes alike', () => {
    const typed = {
      [TensorProto_DataType.FLOAT]: { floatData: [1.5, -2] },
      [TensorProto_DataType.DOUBLE]: { doubleData: [1.5, -2] },
      [TensorProto_DataType.INT32]: { int32Data: [7, -2] },
      [TensorProto_DataType.INT8]: { int32Data: [7, -2] },
      [TensorProto_DataType.UINT8]: { int32Data: [7, 255] },
      [TensorProto_DataType.BOOL]: { int32Data: [1, 0] },
      [TensorProto_DataType.FLOAT16]: { int32Data: [0x3c00, 0xc000] },
      [TensorProto_DataType.INT64]: { int64Data: [2n ** 62n, -1n] },
      [TensorProto_DataType.UINT64]: { uint64Data: [2n ** 63n, 1n] },
      [TensorProto_DataType.UINT32]: { uint64Data: [2n ** 31n, 1n] },
    };
    const proto = fromBinary(ModelProtoSchema, file);
    const graph = proto.graph as NonNullable<ModelProto['graph']>;
    graph.initializer.push(
      ...Object.entries(typed).map(
        ([type, fields]) =>
          ({ ...emptyTensor(proto), name: `t${type}`, dataType: Number(type), dims: [2n], ...fields }) as never,
      ),
      {
        ...emptyTensor(proto),
        name: 'text',
        dataType: TensorProto_DataType.STRING,
        dims: [1n],
        stringData: [new TextEncoder().encode('ü')],
      } as never,
      {
        ...emptyTensor(proto),
        name: 'eighth',
        dataType: TensorProto_DataType.FLOAT8E4M3FN,
        dims: [2n],
        int32Data: [1, 2],
      } as never,
    );
    const first = modelFromBytes(toBinary(ModelProtoSchema, proto));
    const second = modelFromBytes(modelBytes(first));
    for (const name of [...Object.keys(typed).map((type) => `t${type}`), 'text']) {
      expect(second.graph.initializers.get(name)?.data, name).toEqual(first.graph.initializers.get(name)?.data);
    }
    expect(numbersOf(first.graph.initializers.get(`t${TensorProto_DataType.FLOAT16}`) as Tensor)).toEqual([1, -2]);
    expect(second.graph.initializers.get('text')?.data).toEqual(['ü']);
    expect(
      fromBinary(ModelProtoSchema, modelBytes(second)).graph?.initializer.find(({ name }) => name === 'eighth')
        ?.int32Data,
    ).toEqual([1, 2]);
  });

  it('keep scalars and tensors without elements', () => {
    const b = new GraphBuilder();
    for (const dims of [[], [0], [3, 0, 2], [1, 1]]) {
      b.initializer(`t${dims.join('x')}`, float32Tensor(new Float32Array(elementCount(dims)).fill(2.5), dims));
    }
    const again = modelFromBytes(modelBytes(modelOfGraph(b.graph))).graph.initializers;
    for (const [name, { dims, data }] of b.graph.initializers) expect(again.get(name)).toMatchObject({ dims, data });
  });

  it('keep attributes of every kind, the largest integers included', () => {
    const b = new GraphBuilder();
    b.input('x', 'float32', ['N', 2]);
    b.append({
      op: 'Anything',
      domain: 'somewhere',
      name: 'n',
      inputs: ['x'],
      outputs: ['y'],
      attributes: {
        a: { kind: 'int', value: 2 ** 63 },
        b: { kind: 'ints', value: [-(2 ** 63), 1] },
        c: { kind: 'float', value: 0.5 },
        d: { kind: 'floats', value: [1, 2] },
        e: { kind: 'string', value: 'é' },
        f: { kind: 'strings', value: ['p', 'q'] },
        g: { kind: 'tensor', value: float32Tensor([1, 2], [2]) },
      },
    });
    b.output('y');
    const bytes = modelBytes(modelOfGraph(b.graph));
    const attributes = fromBinary(ModelProtoSchema, bytes).graph?.node[0]?.attribute;
    expect(attributes?.find(({ name }) => name === 'a')?.i).toBe(2n ** 63n - 1n);
    expect(attributes?.find(({ name }) => name === 'b')?.ints).toEqual([-(2n ** 63n), 1n]);
    const again = modelFromBytes(bytes).graph.nodes[0]?.attributes;
    expect(again?.['e']).toEqual({ kind: 'string', value: 'é' });
    expect(again?.['g']).toMatchObject({ kind: 'tensor', value: { data: Float32Array.of(1, 2) } });
    expect(modelFromBytes(bytes).graph.inputs[0]?.value).toEqual({ type: 'float32', shape: ['N', 2] });
  });

  it('understand attributes of files from before types were stated', () => {
    const proto = fromBinary(ModelProtoSchema, file);
    for (const node of proto.graph?.node ?? [])
      for (const item of node.attribute) item.type = AttributeProto_AttributeType.UNDEFINED;
    const kinds = (bytes: Uint8Array) =>
      modelFromBytes(bytes).graph.nodes.map(({ attributes }) =>
        Object.entries(attributes).map(([name, { kind }]) => [name, kind]),
      );
    expect(kinds(toBinary(ModelProtoSchema, proto))).toEqual(kinds(file));
  });

  it('keep types that they cannot express: open sizes, expressions for sizes, denotations', () => {
    const proto = fromBinary(ModelProtoSchema, file);
    const type = proto.graph?.input[0]?.type;
    if (type?.value.case !== 'tensorType') throw new Error('the input is not a tensor');
    type.denotation = 'IMAGE';
    const dims = type.value.value.shape?.dim as { value: object }[];
    (dims[0] as { value: object }).value = { case: 'dimParam', value: 's0 + 1' };
    (dims[2] as { value: object }).value = { case: undefined };
    (dims[3] as { value: object }).value = { case: 'dimValue', value: -1n };
    const model = modelFromBytes(toBinary(ModelProtoSchema, proto));
    expect(fromBinary(ModelProtoSchema, modelBytes(model)).graph?.input[0]?.type).toEqual(type);
    const [batch, channels, ...sizes] = model.graph.inputs[0]?.value?.shape ?? [];
    expect([batch, channels]).toEqual(["'s0 + 1'", 3]);
    expect(new Set(sizes.map((size) => typeof size))).toEqual(new Set(['string']));
    expect(new Set(sizes).size).toBe(2);
  });

  it.each([
    ['version https://git-lfs.github.com/spec/v1\noid sha256:4d7a', 'a Git LFS pointer (run git lfs pull'],
    ['\u0020\0\0\0ORTM\0\0', 'an .ort file of ONNX Runtime (use the .onnx file'],
    ['\n<!DOCTYPE html><html>', 'a web page'],
    ['../../blobs/1111\n', 'the text of a link, "../../blobs/1111" (the file was copied without its link'],
    [`../../blobs/${'a1'.repeat(32)}`, 'the text of a link, "../../blobs/a1a1'],
  ])('name what stands in place of a model: %j', (text, got) => {
    const load = () => modelFromBytes(new TextEncoder().encode(text), 'net.onnx');
    expect(load).toThrow(`net.onnx: expected an ONNX model; got ${got}`);
  });

  it('refuse a file that is cut off anywhere, unless all of its graph is there', () => {
    const model = smallModel();
    const small = modelBytes({ ...model, metadata: new Map([['key', 'value']]) });
    const accepted: number[] = [];
    for (let length = 0; length < small.length; length++) {
      const read = readOrRefused(small.subarray(0, length));
      if (!read) continue;
      accepted.push(length);
      expect(Buffer.from(modelBytes({ ...read, metadata: new Map() }))).toEqual(Buffer.from(modelBytes(model)));
    }
    expect(accepted).toHaveLength(1);
  });

  it('refuse or read files with changed bytes, and so do upgrading and shape inference', () => {
    let state = 12345;
    const next = (bound: number) => (state = (state * 1103515245 + 12345) % 2147483648) % bound;
    const structure = modelBytes(smallModel());
    for (let round = 0; round < 2000; round++) {
      const broken = Uint8Array.from(round % 4 === 0 ? file : structure);
      for (let changes = 0; changes < 1 + (round % 3); changes++) broken[next(broken.length)] = next(256);
      readOrRefused(broken);
    }
  });

  it('refuse lengths and nesting that no file can have', () => {
    for (const tail of [[], [0x00], [0xff, 0xff], Array.from({ length: 64 }, () => 0xff)]) {
      for (const length of [[0x7f], [0xff, 0xff, 0xff, 0xff, 0x0f], Array.from({ length: 10 }, () => 0xff)]) {
        expect(() => modelFromBytes(Uint8Array.from([0x3a, ...length, ...tail]))).toThrow(InputError);
      }
    }
    expect(() => modelFromBytes(nestedGraphs(100_000))).toThrow(InputError);
    for (const depth of [300, 1000, 3000]) readOrRefused(nestedGraphs(depth));
    expect(readOrRefused(nestedGraphs(10))?.graph.nodes).toHaveLength(1);
  });

  it('refuse sizes that do not fit the data, naming the tensor', () => {
    const proto = fromBinary(ModelProtoSchema, file);
    const tensor = proto.graph?.initializer[0] as { dims: bigint[]; name: string };
    tensor.dims = [2n ** 40n];
    expect(() => modelFromBytes(toBinary(ModelProtoSchema, proto))).toThrow(
      `tensor "${tensor.name}": expected ${2 ** 42} bytes of data`,
    );
    tensor.dims = [-1n];
    expect(() => modelFromBytes(toBinary(ModelProtoSchema, proto))).toThrow('expected non-negative sizes; got [-1]');
  });
});

describe('float16Bits and float16Value', () => {
  it('are inverse for all finite half-precision numbers, and round to nearest even', () => {
    for (let bits = 0; bits < 0x7c00; bits++) expect(float16Bits(float16Value(bits))).toBe(bits);
    expect(float16Bits(1 + 2 ** -11)).toBe(0x3c00);
    expect(float16Bits(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(float16Bits(65520)).toBe(0x7c00);
    expect(float16Value(float16Bits(Number.NaN))).toBeNaN();
  });
});

/** The model, if it can be read, upgraded and its shapes inferred; only an InputError may be thrown. */
function readOrRefused(bytes: Uint8Array): Model | undefined {
  try {
    const model = modelFromBytes(bytes);
    for (const tensor of model.graph.initializers.values()) {
      if (tensor.type === 'float32') expect(tensor.data.length).toBe(elementCount(tensor.dims));
    }
    Types.of(upgradedModel(model).graph);
    modelBytes(model);
    return model;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}

/** A model of a graph with a node whose attribute holds a graph with a node whose attribute … */
function nestedGraphs(depth: number): Uint8Array {
  const [graph, node, attribute, subgraph, opset] = [0x3a, 0x0a, 0x2a, 0x32, [0x42, 0x02, 0x10, 0x11]] as const;
  const headers: number[][] = [];
  let length = 0;
  for (let level = 0; level < depth; level++) {
    for (const tag of [node, attribute, subgraph].toReversed()) {
      const header = [tag, ...varint(length)];
      headers.push(header);
      length += header.length;
    }
  }
  return Uint8Array.from([...opset, graph, ...varint(length), ...headers.toReversed().flat()]);
}

const varint = (value: number): number[] => (value > 127 ? [(value & 127) | 128, ...varint(value >>> 7)] : [value]);

/** A little of everything in less than a kilobyte. */
function smallModel(): Model {
  const b = new GraphBuilder();
  b.input('x', 'float32', ['N', 2, 5, 5]);
  const w = b.initializer('w', float32Tensor(new Float32Array(3 * 2 * 3 * 3), [3, 2, 3, 3]));
  const conv = b.op('Conv', ['x', w], { strides: [2, 2], pads: [1, 1, 1, 1] });
  const pool = b.op('MaxPool', [b.op('LeakyRelu', [conv], { alpha: float(0.2) })], { kernel_shape: [2, 2] });
  const sliced = b.op('Slice', [b.transpose(pool, [0, 2, 3, 1]), b.ints([0]), b.ints([2]), b.ints([-1])]);
  const joined = b.op('Concat', [sliced, b.reduceMean(sliced, [1])], { axis: 1 });
  b.output(b.op('Softmax', [b.reshape(joined, ['N', 12])], { axis: -1 }), 'y');
  return modelOfGraph(b.graph);
}

const emptyTensor = (proto: ModelProto) => {
  const $typeName = proto.graph?.initializer[0]?.$typeName;
  return {
    $typeName,
    floatData: [],
    int32Data: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    stringData: [],
    externalData: [],
    metadataProps: [],
  };
};
