/** Writes a file wholly or not at all: a reader, or the next run, never sees half of it. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Ending of files that are not whole yet. */
export const partialEnding = '.partial';

/** The place where a file grows before it is moved to `path`. */
export function partialOf(path: string): string {
  return join(dirname(path), `.${basename(path)}${partialEnding}`);
}

/** Fills a partial file and moves it into its place; removes it when `fill` throws. */
export async function replaceWhole<T>(path: string, fill: (partial: string) => Promise<T>): Promise<T> {
  const partial = partialOf(path);
  try {
    const result = await fill(partial);
    await rename(partial, path);
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Writes text or bytes. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await replaceWhole(path, (partial) => writeFile(partial, content));
}
