/**
 * @file TensorBoard's events as records: the few fields of tensorflow/core/util/event.proto and
 * tensorflow/core/framework/summary.proto that scalars, pictures and hyper-parameters need.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { emptyTensor, HPARAMS_TAG, hparamsMetadata, type HparamValue } from './hparams.js';
import { framedRecord } from './records.js';

/** A PNG file with its size. */
export interface EventImage {
  width: number;
  height: number;
  png: Uint8Array;
}

/** The values of a step by tag, such as `loss/generator`. */
export interface StepEvent {
  /** Seconds since 1970. */
  time: number;
  step: number;
  scalars?: Readonly<Record<string, number>>;
  images?: Readonly<Record<string, EventImage>>;
}

/** Field numbers. */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summary = { value: 1 } as const;
const value = { tag: 1, simpleValue: 2, image: 4, tensor: 8, metadata: 9 } as const;
const image = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const sessionLog = { status: 1 } as const;
/** `SessionLog.START`. */
const START = 1;
/** Colour space of RGB pictures. */
const RGB = 3;

/** The first record of an event file. */
export function versionRecord(time: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(event.wallTime, WireType.Bit64).double(time);
  writer.tag(event.fileVersion, WireType.LengthDelimited).string('brain.Event:2');
  return framedRecord(writer.finish());
}

/** Tells TensorBoard to drop what earlier files of the folder hold from `step` on. */
export function restartRecord(time: number, step: number): Uint8Array {
  const writer = begun(time, step);
  writer.tag(event.sessionLog, WireType.LengthDelimited).fork();
  writer.tag(sessionLog.status, WireType.Varint).int32(START).join();
  return framedRecord(writer.finish());
}

/**
 * The hyper-parameters of a run.
 * @param group name of the run: TensorBoard counts sessions of one group once
 */
export function hparamsRecord(time: number, hparams: Readonly<Record<string, HparamValue>>, group: string): Uint8Array {
  const writer = begun(time, 0);
  writer.tag(event.summary, WireType.LengthDelimited).fork();
  writer.tag(summary.value, WireType.LengthDelimited).fork();
  writer.tag(value.tag, WireType.LengthDelimited).string(HPARAMS_TAG);
  writer.tag(value.tensor, WireType.LengthDelimited).bytes(emptyTensor());
  writer.tag(value.metadata, WireType.LengthDelimited).bytes(hparamsMetadata(hparams, group, time));
  return framedRecord(writer.join().join().finish());
}

/** A step's values; scalars that are not numbers (NaN) are stored as they are. */
export function stepRecord({ time, step, scalars = {}, images = {} }: StepEvent): Uint8Array {
  const writer = begun(time, step);
  writer.tag(event.summary, WireType.LengthDelimited).fork();
  const tagged = (tag: string) => {
    writer.tag(summary.value, WireType.LengthDelimited).fork();
    return writer.tag(value.tag, WireType.LengthDelimited).string(tag);
  };
  for (const [tag, number] of Object.entries(scalars)) {
    tagged(tag).tag(value.simpleValue, WireType.Bit32).float(number).join();
  }
  for (const [tag, { width, height, png }] of Object.entries(images)) {
    tagged(tag).tag(value.image, WireType.LengthDelimited).fork();
    writer.tag(image.height, WireType.Varint).int32(height);
    writer.tag(image.width, WireType.Varint).int32(width);
    writer.tag(image.colorspace, WireType.Varint).int32(RGB);
    writer.tag(image.encoded, WireType.LengthDelimited).bytes(png);
    writer.join().join();
  }
  return framedRecord(writer.join().finish());
}

function begun(time: number, step: number): BinaryWriter {
  const writer = new BinaryWriter();
  writer.tag(event.wallTime, WireType.Bit64).double(time);
  return step === 0 ? writer : writer.tag(event.step, WireType.Varint).int64(step);
}
