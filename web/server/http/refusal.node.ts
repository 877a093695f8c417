/** @file A request that is refused. */

/** Why, in one line, and with which status. */
export class Refusal extends Error {
  override name = 'Refusal';
  constructor(
    readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503,
    reason: string,
  ) {
    super(reason);
  }
}
