/** From what stands on the command line to video files: folders are walked, patterns in quotes expanded. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
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
    } else if (!kind && isDynamicPattern(input)) {
      const matches = await glob(input, { expandDirectories: false, absolute: isAbsolute(input) });
      if (matches.length === 0) throw new UsageError(`${input}: no file matches`);
      found.push(...matches.sort());
    } else found.push(input);
  }
  return [...new Set(found)];
}

/**
 * Appends the video files below a folder. Folders that were met already (links in a circle) are passed over; one that cannot be
 * read stands for itself.
 */
async function walk(folder: string, found: string[], met: Set<string>): Promise<void> {
  const real = await realpath(folder);
  if (met.has(real)) return;
  met.add(real);
  const names = await readdir(folder).catch(() => undefined);
  if (!names) found.push(folder);
  for (const name of names?.sort() ?? []) {
    const path = join(folder, name);
    const kind = await stat(path).catch(() => undefined);
    if (kind?.isDirectory()) await walk(path, found, met);
    // Also one that leads nowhere: it is told of, rather than passed over.
    else if (endings.has(extname(name).toLowerCase())) found.push(path);
    if (found.length > mostFiles) throw new UsageError(`more than ${mostFiles} files: name fewer`);
  }
}
