import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DatasetClip, knownLabels } from '../dataset/manifest.js';
import { parseProtocol, protocolSchema, selectClips } from './protocol.js';

/** 18 people in three folds of six, seven labels, two clips each. */
const labels = knownLabels.filter((label) => label !== 'contempt').slice(0, 7);
const all = Array.from({ length: 18 }, (_, s) =>
  labels.flatMap((emotion) =>
    [0, 1].map((take) => ({
      path: `P${s}-${emotion}-${take}.mp4`,
      clip: `P${s}-${emotion}-${take}`,
      subject: `P${s}`,
      emotion,
      fold: s % 3,
    })),
  ),
).flat() as DatasetClip[];
const train = all.filter(({ fold }) => fold !== 2);
const subjectsOf = (rows: readonly DatasetClip[]) => [...new Set(rows.map(({ subject }) => subject))];
const few = (subjects: number, seed = 5) =>
  selectClips(protocolSchema.parse({ name: 'few', kind: 'few-subjects', subjects, seed }), train, all);

describe('protocols', () => {
  it('balanced takes everything', () => {
    expect(selectClips({ name: 'b', kind: 'balanced' }, train, all).clips).toEqual(train);
  });

  it('few subjects are nested, and the same whatever fold is left out', () => {
    const [four, eight] = [few(4), few(8)];
    expect(subjectsOf(four.clips)).toHaveLength(4);
    expect(subjectsOf(eight.clips)).toEqual(expect.arrayContaining(subjectsOf(four.clips)));
    expect(four.clips).toHaveLength(4 * 14);
    expect(subjectsOf(few(4, 6).clips).sort()).not.toEqual(subjectsOf(four.clips).sort());
    const other = all.filter(({ fold }) => fold !== 1);
    const there = selectClips(
      protocolSchema.parse({ name: 'few', kind: 'few-subjects', subjects: 12, seed: 5 }),
      other,
      all,
    );
    const here = few(12);
    const shared = (rows: readonly DatasetClip[]) => subjectsOf(rows.filter(({ fold }) => fold === 0));
    expect(shared(there.clips)).toEqual(shared(here.clips));
    expect(() => few(13)).toThrow('wants 13 subjects, the training folds have 12');
  });

  it('confounded: two labels a person, labels even, and pairs many', () => {
    const { clips } = selectClips(protocolSchema.parse({ name: 'c', kind: 'confounded', seed: 5 }), train, all);
    const pairs = subjectsOf(clips).map((name) =>
      [...new Set(clips.filter(({ subject }) => subject === name).map(({ emotion }) => emotion))].sort().join('+'),
    );
    expect(pairs).toHaveLength(12);
    for (const pair of pairs) expect(pair.split('+')).toHaveLength(2);
    const uses = labels.map((label) => pairs.filter((pair) => pair.split('+').includes(label)).length);
    expect(Math.max(...uses) - Math.min(...uses)).toBeLessThanOrEqual(1);
    expect(new Set(pairs).size).toBeGreaterThanOrEqual(9);
  });

  it('few clips: as many of each person, of labels as even as can be', () => {
    const protocol = protocolSchema.parse({ name: 'f', kind: 'few-clips', clips: 4, subjects: 7, seed: 5 });
    const { clips } = selectClips(protocol, train, all);
    expect(subjectsOf(clips)).toHaveLength(7);
    expect(subjectsOf(clips).sort()).toEqual(subjectsOf(few(7).clips).sort());
    for (const name of subjectsOf(clips)) {
      const own = clips.filter(({ subject }) => subject === name);
      expect(own).toHaveLength(4);
      expect(new Set(own.map(({ emotion }) => emotion)).size).toBe(4);
    }
    for (const label of labels) expect(clips.filter(({ emotion }) => emotion === label)).toHaveLength(4);
    const more = selectClips({ ...protocol, kind: 'few-clips', clips: 9 } as typeof protocol, train, all).clips;
    for (const name of subjectsOf(more)) {
      const own = more.filter(({ subject }) => subject === name);
      for (const label of labels) {
        const times = own.filter(({ emotion }) => emotion === label).length;
        expect([1, 2]).toContain(times);
      }
    }
    const every = selectClips({ ...protocol, kind: 'few-clips', clips: 99 } as typeof protocol, train, all).clips;
    expect(every).toEqual(few(7).clips);
  });

  it('the hash tells protocols and choices apart', () => {
    expect(few(4).hash).toBe(few(4).hash);
    expect(new Set([few(4).hash, few(5).hash, few(4, 6).hash]).size).toBe(3);
  });

  it('the files that ship are read, and wrong ones name the key', () => {
    const folder = new URL('../../configs/protocols', import.meta.url).pathname;
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThanOrEqual(5);
    for (const file of files) expect(parseProtocol(readFileSync(join(folder, file), 'utf8'), file).name).not.toBe('');
    expect(() => parseProtocol('{"name":"x","kind":"few-subjects"}', 'p.json')).toThrow('p.json: subjects');
  });
});
