/** @file The hyper-parameters of a run as TensorBoard's HParams plugin reads them (plugins/hparams/plugin_data.proto). */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A hyper-parameter's value. */
export type HparamValue = number | string | boolean;

/** The tag that the plugin looks for. */
export const HPARAMS_TAG = '_hparams_/session_start_info';

/** Field numbers. */
const metadata = { pluginData: 1 } as const;
const plugin = { name: 1, content: 2 } as const;
const pluginContent = { sessionStart: 3 } as const;
const session = { hparams: 1, group: 4, startTime: 5 } as const;
const entry = { key: 1, value: 2 } as const;
/** Of google.protobuf.Value. */
const json = { number: 2, text: 3, boolean: 4 } as const;
const tensor = { type: 1, shape: 2 } as const;
const shape = { dimension: 2 } as const;
/** `DataType.DT_FLOAT`. */
const FLOAT = 1;

/**
 * The metadata of the plugin's value, a `SummaryMetadata` message.
 * @param group sessions of the same group are counted once
 */
export function hparamsMetadata(hparams: Readonly<Record<string, HparamValue>>, group: string, time: number) {
  const writer = new BinaryWriter();
  writer.tag(metadata.pluginData, WireType.LengthDelimited).fork();
  writer.tag(plugin.name, WireType.LengthDelimited).string('hparams');
  writer.tag(plugin.content, WireType.LengthDelimited).fork();
  writer.tag(pluginContent.sessionStart, WireType.LengthDelimited).fork();
  for (const name of Object.keys(hparams).toSorted()) {
    writer.tag(session.hparams, WireType.LengthDelimited).fork();
    writer.tag(entry.key, WireType.LengthDelimited).string(name);
    writer.tag(entry.value, WireType.LengthDelimited).fork();
    writeValue(writer, hparams[name] as HparamValue);
    writer.join().join();
  }
  writer.tag(session.group, WireType.LengthDelimited).string(group);
  writer.tag(session.startTime, WireType.Bit64).double(time);
  return writer.join().join().join().finish();
}

function writeValue(writer: BinaryWriter, value: HparamValue): void {
  if (typeof value === 'number') writer.tag(json.number, WireType.Bit64).double(value);
  else if (typeof value === 'string') writer.tag(json.text, WireType.LengthDelimited).string(value);
  else writer.tag(json.boolean, WireType.Varint).bool(value);
}

/** The plugin's value itself is empty: a tensor without numbers. */
export function emptyTensor(): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(tensor.type, WireType.Varint).int32(FLOAT);
  writer.tag(tensor.shape, WireType.LengthDelimited).fork();
  writer.tag(shape.dimension, WireType.LengthDelimited).bytes(new Uint8Array()).join();
  return writer.finish();
}
