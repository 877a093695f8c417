import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { toFloat16 } from './to-float16.js';
import { toFloat32 } from './to-float32.js';
import { GraphBuilder, modelOfGraph } from '../build/build.js';
import { graphOf } from '../files/read.js';
import { typeCode } from '../files/storage.js';
import { subgraphAttribute } from '../files/write.js';
import { float16Bits, float32Tensor } from '../graph/tensor.js';
import type { GraphProto } from '../proto/onnx_pb.js';
import type { Tensor } from '../graph/graph.js';
import { Types } from '../shapes/types.js';
import { Random } from '../../inference/numeric/random.js';
import { loadModel, upgradedModel } from '../index.js';
import { Explainer } from '../../explain/maps/explain.js';

const tiny = fileURLToPath(new URL('../../../fixtures/tiny/discriminator.onnx', import.meta.url));

describe('Explainer.load(network in half precision)', () => {
  it('explains as in single precision, to the precision of its weights', async () => {
    const full = upgradedModel(await loadModel(tiny));
    const half = { ...full, graph: toFloat16(full.graph) };
    const types = new Set([...half.graph.initializers.values()].map(({ type }) => type));
    expect(types).toContain('float16');
    const random = new Random(3);
    const picture = Float32Array.from({ length: 3 * 32 * 32 }, () => Math.tanh(random.normal()));
    const maps = [];
    for (const model of [full, half]) {
      await using explainer = await Explainer.load(model, { device: 'cpu' });
      maps.push(await explainer.explainInput(picture, { methods: ['gradcam', 'ablationcam', 'saliency'] }));
    }
    const [expected = [], found = []] = maps;
    expect(found).toHaveLength(3);
    found.forEach(({ signed, method }, at) => {
      const other = expected[at]?.signed ?? new Float32Array();
      const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const gap = signed.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? 0))), 0);
      expect(gap / largest, method).toBeLessThan(2e-2);
    });
  });
});

describe('toFloat32(model)', () => {
  const doubles = (...values: number[]): Tensor => ({
    type: 'float64',
    dims: [values.length],
    data: Float64Array.from(values),
  });

  it('turns the types that operators name too', () => {
    const b = new GraphBuilder();
    b.input('x', 'float64', [2, 2]);
    b.output(b.add('x', b.op('EyeLike', ['x'], { dtype: 11 })), 'y');
    const { graph } = toFloat32(modelOfGraph(b.graph));
    expect(Types.of({ ...graph, outputs: [] }).get('y')?.type).toBe('float32');
    expect(graph.nodes[0]?.attributes['dtype']).toEqual({ kind: 'int', value: 1 });
  });

  it('turns bfloat16, in branches too', () => {
    const bits = (...values: number[]) =>
      Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (all) => all >>> 16);
    const brains = (...values: number[]): Tensor => ({
      type: 'bfloat16',
      dims: [values.length],
      data: bits(...values),
    });
    const branch = (name: string, op: string) => {
      const inner = new GraphBuilder();
      inner.initializer(`${name}/w`, brains(2, -0.5));
      inner.append({ op, domain: '', name, inputs: ['x', `${name}/w`], outputs: [`${name}/y`], attributes: {} });
      inner.graph.outputs.push({ name: `${name}/y`, value: { type: 'bfloat16', shape: [2] } });
      return subgraphAttribute(`${name}_branch`, inner.graph);
    };
    const b = new GraphBuilder();
    b.op('Cast', [b.input('image', 'float32', [2])], { to: 16 }, 'x');
    b.initializer('w', brains(1, 1024, -3.5, 0.15625));
    const attributes = { then_branch: branch('then', 'Mul'), else_branch: branch('else', 'Add') };
    b.append({ op: 'If', domain: '', name: 'if', inputs: [b.input('flag', 'bool', [])], outputs: ['y'], attributes });
    b.graph.outputs.push({ name: 'y', value: { type: 'bfloat16', shape: [2] } });
    const model = modelOfGraph(b.graph);
    const full = toFloat32(model);
    expect([...(full.graph.initializers.get('w')?.data ?? [])]).toEqual([1, 1024, -3.5, 0.15625]);
    expect(full.graph.outputs[0]?.value?.type).toBe('float32');
    const inside = full.graph.nodes[1]?.attributes['then_branch'];
    const graph = graphOf((inside?.kind === 'opaque' ? inside.value.g : undefined) as GraphProto);
    expect(graph.initializers.get('then/w')).toMatchObject({ type: 'float32', data: Float32Array.of(2, -0.5) });
    expect(graph.outputs[0]?.value?.type).toBe('float32');
    expect(toFloat32(full)).toBe(full);
  });

  it('refuses doubles that float32 does not hold, naming them', () => {
    const b = new GraphBuilder();
    b.input('x', 'float64', [2]);
    b.initializer('big', doubles(1, -1e200));
    b.output(b.mul('x', 'big'), 'y');
    expect(() => toFloat32(modelOfGraph(b.graph))).toThrow(
      'weight "big": expected numbers that float32 holds; got -1e+200',
    );
    const constant = new GraphBuilder();
    constant.output(constant.op('Constant', [], { value: doubles(1e39) }, 'large'));
    expect(() => toFloat32(modelOfGraph(constant.graph))).toThrow('Constant "large": expected numbers that float32');
    const infinite = new GraphBuilder();
    infinite.output(infinite.op('Constant', [], { value: doubles(-Infinity, 1) }));
    expect(() => toFloat32(modelOfGraph(infinite.graph))).not.toThrow();
  });
});

describe('Explainer.load(network in half precision with branches)', () => {
  it('explains it as one in single precision', async () => {
    const picture = Float32Array.from({ length: 3 * 8 * 8 }, (_, at) => Math.sin(at));
    // Numbers that float16 holds.
    const kernel = Float32Array.from({ length: 4 * 3 }, (_, at) => Math.round(64 * Math.cos(at)) / 64);
    const maps = [];
    for (const type of ['float32', 'float16'] as const) {
      const weight = (values: readonly number[], dims: readonly number[]): Tensor =>
        type === 'float32' ? float32Tensor(values, dims) : { type, dims, data: Uint16Array.from(values, float16Bits) };
      const branch = (name: string, factor: number) => {
        const inner = new GraphBuilder();
        inner.initializer(`${name}/w`, weight([factor], []));
        inner.append({
          op: 'Mul',
          domain: '',
          name,
          inputs: ['features', `${name}/w`],
          outputs: [`${name}/y`],
          attributes: {},
        });
        inner.graph.outputs.push({ name: `${name}/y`, value: { type } });
        return subgraphAttribute(`${name}_branch`, inner.graph);
      };
      const b = new GraphBuilder();
      const cast = (value: string, to: typeof type | 'bool') => b.op('Cast', [value], { to: typeCode(to) });
      const image = cast(b.input('image', 'float32', [1, 3, 8, 8]), type);
      b.op('Relu', [b.op('Conv', [image, b.initializer('k', weight([...kernel], [4, 3, 1, 1]))])], {}, 'features');
      const flag = cast(b.op('ReduceMax', ['features'], { keepdims: 0 }), 'bool');
      const attributes = { then_branch: branch('then', 2), else_branch: branch('else', 3) };
      b.graph.valueInfo.set('chosen', { name: 'chosen', value: { type, shape: [1, 4, 8, 8] } });
      b.append({ op: 'If', domain: '', name: 'if', inputs: [flag], outputs: ['chosen'], attributes });
      b.output(cast(b.op('Flatten', [b.op('GlobalAveragePool', ['chosen'])], { axis: 1 }), 'float32'));
      await using explainer = await Explainer.load(modelOfGraph(b.graph), { device: 'cpu' });
      const [map] = await explainer.explainInput(picture, { methods: ['gradcam'], targets: 1 });
      maps.push([...(map?.signed ?? [])]);
    }
    expect(maps[0]?.some((value) => value !== 0)).toBe(true);
    expect(maps[1]).toEqual(maps[0]);
  });
});

describe('Explainer.load(network with doubles)', () => {
  it('explains a network that goes on in double precision as one in single precision', async () => {
    const picture = Float32Array.from({ length: 3 * 8 * 8 }, (_, at) => Math.sin(at));
    const kernel = Float32Array.from({ length: 4 * 3 }, (_, at) => Math.cos(at));
    const maps = [];
    for (const doubles of [false, true]) {
      const b = new GraphBuilder();
      const features = b.op('Conv', [
        b.input('image', 'float32', [1, 3, 8, 8]),
        b.initializer('k', float32Tensor(kernel, [4, 3, 1, 1])),
      ]);
      const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [b.op('Relu', [features])])], { axis: 1 });
      const scale = doubles ? b.op('Cast', [b.scalar(3)], { to: 11 }) : b.scalar(3);
      b.output(b.mul(doubles ? b.op('Cast', [pooled], { to: 11 }) : pooled, scale));
      await using explainer = await Explainer.load(modelOfGraph(b.graph), { device: 'cpu' });
      const [map] = await explainer.explainInput(picture, { methods: ['gradcam'], targets: 1 });
      maps.push([...(map?.signed ?? [])]);
    }
    expect(maps[0]?.some((value) => value !== 0)).toBe(true);
    expect(maps[1]).toEqual(maps[0]);
  });
});
