/** Errors as one line that says what to do. */
import { oneLine } from './output.js';

/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const systemErrors: Record<string, string> = {
  ENOENT: 'no such file; check the path',
  EISDIR: 'is a folder; name a video file',
  EACCES: 'no permission to read or write it',
  EPERM: 'no permission to read or write it',
  ENOTDIR: 'a part of the path is no folder',
  ENOSPC: 'no space left on the device',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'symbolic links in a circle',
  ENXIO: 'not a regular file',
  EROFS: 'the file system is read-only',
};

/** What went wrong, in one line. Errors that nobody threw on purpose say so, with the way to their stack. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const code = (error as NodeJS.ErrnoException).code;
  const path = (error as NodeJS.ErrnoException).path;
  if (code && systemErrors[code]) return oneLine(`${path ? `${path}: ` : ''}${systemErrors[code]}`);
  if (isExpected(error)) return oneLine(error.message);
  return oneLine(`internal error: ${error.message}; set VULTUS_DEBUG=1 for the stack, and please report it`);
}

const expected = new Set([
  'MalformedStreamError',
  'UnsupportedStreamError',
  'LimitExceededError',
  'ModelError',
  'UsageError',
  'AbortError',
]);

function isExpected(error: Error): boolean {
  return expected.has(error.name) || typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

/** For programs: the same, with the error's class and what it carries. */
export function errorObject(error: unknown): Record<string, unknown> {
  const { name, code, offset, feature, limit } = error as Record<string, unknown>;
  const carried = Object.entries({ code, offset, feature, limit }).filter(([, value]) => value !== undefined);
  return { name: error instanceof Error ? name : 'Error', message: describe(error), ...Object.fromEntries(carried) };
}

/** The stack goes to stderr when VULTUS_DEBUG is set. */
export function debugStack(error: unknown): void {
  if (process.env.VULTUS_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
