/** @file Addresses of objects in S3: `s3://bucket/key`. */
import { InputError } from '../../onnx/errors.js';

/** A bucket, and a key or what keys begin with. */
export interface S3Address {
  bucket: string;
  key: string;
}

/** @param name the parameter that has it @throws InputError if it names no bucket */
export function parsedS3Address(text: string, name: string): S3Address {
  const [, bucket, key = ''] = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/is.exec(text) ?? [];
  if (bucket === undefined) throw new InputError({ name, expected: 's3://bucket/key', got: text });
  return { bucket, key };
}

/**
 * An address in its one form, for comparing.
 * @throws InputError if it names no bucket, or its key can be no path
 */
export function plainS3(text: string, name: string): string {
  const address = parsedS3Address(text, name);
  const key = address.key.replace(/\/$/, '');
  if (key !== '') pathOfKey({ ...address, key }, '');
  return shownS3(address);
}

/** What is below an address. */
export function belowS3({ bucket, key }: S3Address, path: string): S3Address {
  return { bucket, key: `${key === '' || key.endsWith('/') ? key : `${key}/`}${path}` };
}

/** The address as a text. */
export function shownS3({ bucket, key }: S3Address): string {
  return `s3://${bucket}/${key}`;
}

/**
 * The parts of a key below a prefix, as a path has them.
 * @throws InputError for keys that are no path below a folder, such as those with `..`
 */
export function pathOfKey(address: S3Address, prefix: string): string[] {
  const problem = keyProblem(address, prefix);
  if (problem) throw problem;
  return partsOf(address, prefix);
}

/** Why a key is no path below a folder, if it is none. */
export function keyProblem(address: S3Address, prefix: string): InputError | undefined {
  const got = address.key.startsWith(prefix) ? partsOf(address, prefix).map(oddityOf).find(Boolean) : 'another prefix';
  if (got === undefined) return undefined;
  return new InputError({ name: shownS3(address), expected: 'a key that can be the name of a file', got });
}

const partsOf = ({ key }: S3Address, prefix: string) => key.slice(prefix.length).split('/');

/** Characters that are more than a part of a name: in control of a terminal, or to a file system. */
const ODD = process.platform === 'win32' ? /[\p{Cc}\\:]/u : /[\p{Cc}\\]/u;

/** What a name has that a file's cannot have. */
function oddityOf(name: string): string | undefined {
  if (name === '') return 'an empty name, as two slashes or one at an end make';
  if (name === '.' || name === '..') return JSON.stringify(name);
  const [odd] = ODD.exec(name) ?? [];
  return odd === undefined ? undefined : `the character ${odd === '\\' ? odd : JSON.stringify(odd)}`;
}
