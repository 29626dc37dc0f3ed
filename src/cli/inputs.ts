/** From what stands on the command line to video files: folders are walked, patterns in quotes expanded. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { UsageError } from './failure.js';

/** Endings of files that are taken from folders. A file that is named is taken whatever its ending. */
const endings = new Set(
  '.mp4 .m4v .mov .3gp .3g2 .mkv .webm .ts .m2ts .mts .flv .avi .h264 .264 .h263 .mpg .mpeg .wmv .ogv .mxf'.split(' '),
);
const mostFiles = 1_000_000;

/** The files, in the order of the arguments, within a folder by name, each once. Throws UsageError for a pattern without a match. */
export async function expandInputs(inputs: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const input of inputs) {
    const kind = await stat(input).catch(() => undefined);
    if (kind?.isDirectory()) {
      const before = found.length;
      await walk(input, found, new Set());
      // A folder without a video is kept, as what is not there is: it gets its own line of failure.
      if (found.length === before) found.push(input);
    } else if (!kind && /[*?]/.test(basename(input))) found.push(...(await matches(input)));
    else found.push(input);
  }
  return [...new Set(found)];
}

/** Appends the video files below a folder. Folders that were met already (links in a circle) are passed over. */
async function walk(folder: string, found: string[], met: Set<string>): Promise<void> {
  const real = await realpath(folder);
  if (met.has(real)) return;
  met.add(real);
  const names = await readdir(folder);
  for (const name of names.sort()) {
    const path = join(folder, name);
    const kind = await stat(path).catch(() => undefined);
    if (kind?.isDirectory()) await walk(path, found, met);
    else if (kind?.isFile() && endings.has(extname(name).toLowerCase())) found.push(path);
    if (found.length > mostFiles) throw new UsageError(`more than ${mostFiles} files: name fewer`);
  }
}

/** `*` and `?` in the last part of the path. */
async function matches(pattern: string): Promise<string[]> {
  const folder = dirname(pattern);
  const parts = [...basename(pattern)].map((c) =>
    c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[\\^$.|+()[\]{}]/g, '\\$&'),
  );
  const expression = new RegExp(`^${parts.join('')}$`);
  const names = await readdir(folder).catch(() => []);
  const found = names
    .filter((name) => expression.test(name) && (!name.startsWith('.') || pattern.startsWith('.')))
    .sort();
  if (found.length === 0) throw new UsageError(`${pattern}: no file matches`);
  return found.map((name) => join(folder, name));
}
