/** Looking into the folder of a corpus: sorted lists, and errors that say what was expected where. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LimitExceededError, MalformedStreamError } from '../../errors.js';
import type { PictureSource } from './corpus.js';

/** Names in a folder, each list ascending by code unit. Hidden ones (`.DS_Store`, `._x`) are left out. */
export interface Listing {
  files: string[];
  folders: string[];
}

/** Entries of one folder are read up to this many. */
const maximum = 200_000;
/** Bytes of a label or description file. */
const textLimit = 16 * 2 ** 20;

/** Lists a folder of the corpus; `undefined` where there is none. Links are followed. */
export async function list(root: string, ...path: readonly string[]): Promise<Listing | undefined> {
  const folder = join(root, ...path);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  if (entries.length > maximum) throw new LimitExceededError('entries of a folder', entries.length, maximum);
  const listing: Listing = { files: [], folders: [] };
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const target = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry;
    if (target?.isFile()) listing.files.push(entry.name);
    else if (target?.isDirectory()) listing.folders.push(entry.name);
  }
  listing.files.sort();
  listing.folders.sort();
  return listing;
}

/** A small text file of the corpus; `undefined` where there is none. Throws LimitExceededError for a large one. */
export async function readSmall(root: string, path: string): Promise<string | undefined> {
  const file = join(root, path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > textLimit) throw new LimitExceededError(`bytes of ${path}`, found.size, textLimit);
  return await readFile(file, 'utf8');
}

/** The error for a folder that is not the corpus: what was expected, and what is there. */
export async function notThisCorpus(root: string, title: string, expected: string): Promise<MalformedStreamError> {
  const found = await list(root);
  if (!found) return new MalformedStreamError(`${root} is no folder; name the folder into which ${title} was unpacked`);
  const names = [...found.folders.map((name) => `${name}/`), ...found.files];
  const shown = names.slice(0, 6).join(', ') + (names.length > 6 ? `, and ${names.length - 6} more` : '');
  return new MalformedStreamError(
    `${root} is not laid out as ${title}: expected ${expected} in it, found ${shown || 'nothing'}`,
  );
}

/** The folder itself or, where an archive made one more, the only folder in it, if that holds one of these names. */
export async function findBase(root: string, names: readonly string[]): Promise<string | undefined> {
  const top = await list(root);
  if (!top) return undefined;
  const holds = (listing: Listing | undefined) => listing?.folders.some((name) => names.includes(name)) ?? false;
  if (holds(top)) return '';
  for (const folder of top.folders) if (holds(await list(root, folder))) return `${folder}/`;
  return undefined;
}

/** Numbers that lack between the first and the last; empty for a whole sequence. At most the first three. */
export function gaps(numbers: readonly number[]): number[] {
  const missing: number[] = [];
  for (let i = 1; i < numbers.length && missing.length < 3; i++) {
    for (let n = numbers[i - 1]! + 1; n < numbers[i]! && missing.length < 3; n++) missing.push(n);
  }
  return missing;
}

/** Pictures of one sequence as a source. */
export function pictures(
  folder: string,
  files: readonly string[],
  format: PictureSource['format'],
  fps: number,
): PictureSource {
  return { kind: 'pictures', paths: files.map((file) => `${folder}/${file}`), format, fps };
}
