/**
 * The four errors that vultus throws on purpose. Each message is one line that says what to do; each carries what a
 * program needs to react. Anything else that escapes is a bug in vultus.
 */

/** The bytes do not follow their standard. */
export class MalformedStreamError extends Error {
  override readonly name = 'MalformedStreamError';
  /** Offset in bytes, from the start of the file or of the packet (the message says which), or `undefined`. */
  readonly offset: number | undefined;

  constructor(message: string, options: { offset?: number; cause?: unknown } = {}) {
    super(options.offset === undefined ? message : `${message} (at byte ${options.offset})`, { cause: options.cause });
    this.offset = options.offset;
  }
}

/** The bytes may be fine, but use a feature that vultus does not read. */
export class UnsupportedStreamError extends Error {
  override readonly name = 'UnsupportedStreamError';
  /** The feature in the words of its standard, for example `global motion compensation (S-VOP)`. */
  readonly feature: string;

  /** @param remedy what the reader can do about it, for example `convert it with ffmpeg -c:v mpeg4`. */
  constructor(feature: string, remedy: string) {
    super(`unsupported: ${feature}; ${remedy}`);
    this.feature = feature;
  }
}

/** A limit of `Limits` would be passed. Checked before anything of that size is allocated. */
export class LimitExceededError extends Error {
  override readonly name = 'LimitExceededError';
  /** Which limit: a key of `Limits`. */
  readonly limit: string;

  constructor(limit: string, found: number, allowed: number) {
    super(`limit ${limit}: found ${found}, allowed ${allowed}; raise limits.${limit} if you trust this input`);
    this.limit = limit;
  }
}

/** A model file, its metadata or its run-time is not usable. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}
