/** @file Refusals of S3 in one line. What the server says is not repeated: it may hold names of keys. */
import { InputError } from '../../onnx/errors.js';

const DENIED = 'access; it was denied: look at the credentials, and at what they may list, read and write';

/** What was expected, by the name of the error. */
const expectations: Readonly<Record<string, string>> = {
  NoSuchBucket: 'a bucket that exists',
  NoSuchKey: 'an object that exists',
  NotFound: 'an object that exists',
  AccessDenied: DENIED,
  Forbidden: DENIED,
  InvalidAccessKeyId: 'credentials that the server knows; see AWS_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'credentials that the server knows; see AWS_SECRET_ACCESS_KEY and AWS_REGION',
  ExpiredToken: 'credentials that have not expired',
  CredentialsProviderError: 'credentials, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; there are none',
  PermanentRedirect: "the bucket's own region; see AWS_REGION",
  PreconditionFailed: 'an object that does not change while it is read',
};

/** Errors of a connection, by Node's code or the package's name. */
const connection =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO|TimeoutError|CERT_\w+|\w+_CERT\w*)$/;

interface ServiceError extends Error {
  code?: string;
  errors?: readonly { code?: string }[];
  $metadata?: { httpStatusCode?: number };
}

/** Whether a request may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof InputError) return false;
  const { name, code, errors, $metadata } = error as ServiceError;
  const status = $metadata?.httpStatusCode ?? 0;
  if (status === 429 || (status >= 500 && status !== 501)) return true;
  return [code, name, errors?.[0]?.code].some((each) => each !== undefined && connection.test(each));
}

/** Whether an error, perhaps told as `s3Error` does, is an answer with this status. */
export function isRefusal(error: unknown, status: number): boolean {
  const { $metadata, cause } = (error ?? {}) as ServiceError;
  return $metadata?.httpStatusCode === status || (cause !== undefined && isRefusal(cause, status));
}

/**
 * An error of a request as the user should see it.
 * @param shown what the request was for
 */
export function s3Error(error: unknown, shown: string, endpoint: string | undefined): unknown {
  if (!(error instanceof Error) || error instanceof InputError) return error;
  const { name, code, errors, $metadata } = error as ServiceError;
  const status = $metadata?.httpStatusCode;
  const known = expectations[name] ?? (status === 403 ? DENIED : status === 404 ? expectations['NotFound'] : undefined);
  if (known !== undefined) return new InputError({ name: shown, expected: known }, { cause: error });
  const failed = [code, name, errors?.[0]?.code].find((each) => each !== undefined && connection.test(each));
  if (/^Region (?:is missing|not accepted)/.test(error.message))
    return new InputError({ name: shown, expected: 'the name of a region in AWS_REGION' }, { cause: error });
  const server = endpoint ?? "AWS's server";
  if (failed !== undefined)
    return new InputError({ name: shown, expected: `${server} to answer`, got: failed }, { cause: error });
  if (status !== undefined && status >= 300)
    return new InputError(
      { name: shown, expected: `${server} to answer`, got: `${name} (${status})` },
      { cause: error },
    );
  return error;
}
