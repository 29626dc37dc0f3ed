/**
 * One case of the container fuzzer: a seed chooses a small file and its damage; opening it, listing its packets and
 * reading them must give packets or a typed error, in bounded time, and never a packet that is longer than the file.
 */

import { readFileSync } from 'node:fs';
import { openContainer } from '../../src/container/index.js';
import { face, makeClip } from '../support/clips.js';
import { FuzzFailure, outcomeOf, processorTime } from './mpeg4-case.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';

export type ContainerOutcome = 'packets' | 'damaged' | 'malformed' | 'unsupported' | 'limit';

export interface FuzzFile {
  name: string;
  bytes: Uint8Array;
}

/** Small files of every container, indices before and after the media. */
export function containerCorpus(): FuzzFile[] {
  const source = face(64, 48, 12);
  const mpeg4 = ['-c:v', 'mpeg4', '-q:v', '8', '-g', '6'];
  const files: [string, readonly string[]][] = [
    ['mp4', mpeg4],
    ['mp4', [...mpeg4, '-movflags', '+faststart']],
    ['mp4', [...mpeg4, '-movflags', '+frag_keyframe+empty_moov']],
    ['mov', mpeg4],
    ['3gp', mpeg4],
    ['mkv', mpeg4],
    ['avi', mpeg4],
    ['avi', ['-c:v', 'libxvid', '-q:v', '8', '-bf', '2']],
    ['m4v', mpeg4],
    ['ts', mpeg4],
    ['flv', ['-c:v', 'flv', '-q:v', '8']],
    ['mp4', ['-c:v', 'libx264', '-preset', 'ultrafast']],
  ];
  return files.map(([extension, encoder]) => ({
    name: `${extension}: ${encoder.join(' ')}`,
    bytes: new Uint8Array(readFileSync(makeClip(source, encoder, extension))),
  }));
}

/** Milliseconds that a damaged file of a few kilobytes may take. */
const allowedTime = 1000;

async function readAll(bytes: Uint8Array): Promise<ContainerOutcome> {
  const container = await openContainer(bytes);
  try {
    let damaged = false;
    const table = await container.table();
    if (table.length > bytes.length) throw new FuzzFailure(`${table.length} packets in ${bytes.length} bytes`);
    // From the back too: reading is by index, not in sequence.
    for (const { index, size } of [...table.slice(0, 40), ...table.slice(-3).reverse()]) {
      try {
        const { data } = await container.read(index);
        if (data.length !== size) throw new FuzzFailure(`packet ${index} has ${data.length} bytes, not ${size}`);
        if (data.length > bytes.length) throw new FuzzFailure(`packet ${index} is longer than its file`);
      } catch (error) {
        if (error instanceof FuzzFailure) throw error;
        outcomeOf(error);
        damaged = true;
      }
    }
    if (container.damage) outcomeOf(container.damage);
    return damaged || container.damage ? 'damaged' : 'packets';
  } finally {
    container.close();
  }
}

/** Runs the case of this seed. */
export async function runContainerCase(seed: number, corpus: readonly FuzzFile[]): Promise<ContainerOutcome> {
  const random = new Random(seed);
  const file = random.pick(corpus);
  const bytes = random.once(20)
    ? random.bytes(random.below(2000))
    : mutate(file.bytes, random, random.pick(corpus).bytes);
  let outcome: ContainerOutcome = 'packets';
  let time = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && time > allowedTime; attempt++) {
    const start = process.cpuUsage();
    try {
      outcome = await readAll(bytes);
    } catch (error) {
      if (error instanceof FuzzFailure) throw error;
      outcome = outcomeOf(error) as ContainerOutcome;
    }
    time = processorTime(start);
  }
  if (time > allowedTime) throw new FuzzFailure(`${file.name}: took ${time.toFixed(0)} ms`);
  return outcome;
}
