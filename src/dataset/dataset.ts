/** A data set: a folder with `manifest.csv`, its video files and, if it has them, face boxes in `faces.csv`. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { MalformedStreamError } from '../errors.js';
import { parseJson } from '../files/json-file.js';
import { type FaceTable, parseFaces } from './faces.js';
import { type DatasetClip, knownLabels, Problems, parseManifest } from './manifest.js';

export interface Dataset {
  /** Name of the folder. */
  name: string;
  /** The folder, absolute. */
  root: string;
  clips: readonly DatasetClip[];
  /** Face boxes, to be asked by `facesOf`; empty without `faces.csv`: the whole frame is the face. */
  faces: FaceTable;
  /** SHA-256 of `manifest.csv`, hexadecimal: the name of this state of the data. */
  hash: string;
  /** SHA-256 of `faces.csv`; empty where there is none. */
  facesHash: string;
  /** Of a re-encoded data set (`reencoded.json`): the set that its clips come from, with the same people in the same folds. */
  origin: { name: string; hash: string } | undefined;
}

export interface DatasetOptions {
  /** Allowed labels; `knownLabels` by default. */
  labels?: readonly string[];
  /** Also compare every file with its `sha256`. Sums already found right are kept in this file and not computed again. */
  verify?: { memory: string | undefined; onProgress?: (done: number, all: number) => void };
}

/**
 * Reads a data set and checks it. Throws MalformedStreamError naming line and column of what is wrong: besides what
 * `parseManifest` and `parseFaces` refuse, missing and empty files and, with `verify`, files that differ from their sum.
 */
export async function loadDataset(root: string, options: DatasetOptions = {}): Promise<Dataset> {
  const folder = resolve(root);
  const manifest = await readText(join(folder, 'manifest.csv'));
  if (manifest === undefined) {
    throw new MalformedStreamError(
      `${root} is no data set: it has no manifest.csv; docs/train-a-model.md tells its format`,
    );
  }
  const clips = parseManifest(manifest, options.labels ?? knownLabels);
  await checkFiles(folder, clips);
  if (options.verify) await checkSums(folder, clips, options.verify.memory, options.verify.onProgress);
  const faces = await readText(join(folder, 'faces.csv'));
  const reencoded = await readText(join(folder, 'reencoded.json'));
  return {
    name: basename(folder),
    root: folder,
    clips,
    faces: faces === undefined ? new Map() : facesFrom(faces, clips),
    hash: sha256(manifest),
    facesHash: faces === undefined ? '' : sha256(faces),
    origin: reencoded === undefined ? undefined : originOf(reencoded),
  };
}

const originSchema = z.object({ source: z.object({ name: z.string(), manifest: z.string() }) });

function originOf(text: string): Dataset['origin'] {
  const { source } = parseJson(text, 'reencoded.json', originSchema);
  return { name: source.name, hash: source.manifest };
}

/** Labels that occur in these clips: in the order of `order` first, then others by name. */
export function labelsOf(clips: readonly DatasetClip[], order: readonly string[] = knownLabels): string[] {
  const present = new Set(clips.map((row) => row.emotion));
  const others = [...present].filter((label) => !order.includes(label)).sort();
  return [...order.filter((label) => present.has(label)), ...others];
}

function facesFrom(text: string, clips: readonly DatasetClip[]): FaceTable {
  return parseFaces(text, new Set(clips.map((row) => row.clip)), new Map(clips.map((row) => [row.path, row.clip])));
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function checkFiles(folder: string, clips: readonly DatasetClip[]): Promise<void> {
  const problems = new Problems('manifest.csv');
  const found = await Promise.all(clips.map((row) => stat(join(folder, row.path)).catch(() => undefined)));
  found.forEach((file, i) => {
    const { line, path } = clips[i]!;
    if (!file?.isFile()) problems.add(line, 'path', `there is no file ${path}`);
    else if (file.size === 0) problems.add(line, 'path', `${path} is empty`);
  });
  problems.raise();
}

async function checkSums(
  folder: string,
  clips: readonly DatasetClip[],
  memory: string | undefined,
  onProgress: ((done: number, all: number) => void) | undefined,
): Promise<void> {
  const problems = new Problems('manifest.csv');
  const known = new Map<string, string>(memory ? Object.entries(JSON.parse((await readText(memory)) ?? '{}')) : []);
  for (const [i, row] of clips.entries()) {
    if (!row.sha256) continue;
    const path = join(folder, row.path);
    const { size, mtimeMs } = await stat(path);
    const key = `${path} ${size} ${mtimeMs}`;
    const sum = known.get(key) ?? (await fileSum(path));
    known.set(key, sum);
    if (sum !== row.sha256)
      problems.add(row.line, 'sha256', `${row.path} has the sum ${sum}: it changed or is damaged`);
    onProgress?.(i + 1, clips.length);
  }
  if (memory) {
    await mkdir(dirname(memory), { recursive: true });
    await writeFile(`${memory}.partial`, JSON.stringify(Object.fromEntries(known)));
    await rename(`${memory}.partial`, memory);
  }
  problems.raise();
}

async function fileSum(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
