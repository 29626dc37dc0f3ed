/** Twenty clips spread over the shared data set, where it stands beside the repository, are exact too. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createParser } from '../../../src/bitstream/index.js';
import { defaultLimits } from '../../../src/limits.js';
import { decodeClip } from '../../support/oracle.js';
import { readPackets } from '../../support/packets.js';
import { reconstruct } from './reconstruct.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const folder = join(root, '../shared/data/london-expressions/mpeg4');
const present = existsSync(folder);
const title = `london-expressions${present ? '' : ' (SKIPPED: ../shared/data/london-expressions is absent)'}`;
if (!present) console.warn(`skipped: ${title}`);

/** Every hundredth clip. */
function sample(): string[] {
  const clips = readdirSync(folder)
    .sort()
    .flatMap((subject) => readdirSync(join(folder, subject)).map((name) => join(subject, name)))
    .filter((name) => name.endsWith('.mp4'))
    .sort();
  return clips.filter((_, i) => i % Math.ceil(clips.length / 20) === 7);
}

describe.skipIf(!present)(title, () => {
  it.each(present ? sample() : [])('%s', async (name) => {
    const path = join(folder, name);
    const { track, packets } = await readPackets(path);
    const decoded = decodeClip(path, track.width, track.height);
    const { differences, compared } = reconstruct(createParser(track, defaultLimits), packets, decoded);
    expect(differences).toEqual([]);
    expect(compared).toBe(decoded.length);
  });
});
