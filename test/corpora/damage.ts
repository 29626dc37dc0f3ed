/** What happens to downloads, done to the miniatures: something missing in each, and something that cannot be read. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { put } from './miniature.js';

/** Harm to one miniature, and what its report must then say of which path. */
export interface Damage {
  harm(root: string): void;
  told: readonly (readonly [path: string, reason: string])[];
}

/** By the corpus' name. */
export const damages: Readonly<Record<string, Damage>> = {
  'ck-plus': {
    harm(root) {
      truncateSync(join(root, 'cohn-kanade-images/S011/001/S011_001_00000002.png'), 50);
      put(root, 'Emotion/S010/002/S010_002_00000008_emotion.txt', 'glad');
    },
    told: [
      ['cohn-kanade-images/S011/001', 'S011_001_00000002.png is cut short'],
      ['Emotion/S010/002/S010_002_00000008_emotion.txt', 'expected a number from 0 to 7'],
    ],
  },
  mmi: {
    harm(root) {
      truncateSync(join(root, 'Sessions/1/S001-001.avi'), 100);
      rmSync(join(root, 'Sessions/4/session.xml'));
    },
    told: [
      ['Sessions/1/S001-001.avi', 'ffmpeg'],
      ['Sessions/4', 'expected Sessions/4/session.xml'],
    ],
  },
  afew: {
    harm(root) {
      truncateSync(join(root, 'Val/Sad/000005500.avi'), 100);
      rmSync(join(root, 'Val/Fear'), { recursive: true });
    },
    told: [
      ['Val/Sad/000005500.avi', 'ffmpeg'],
      ['Val/Fear', 'expected Val/Fear/*.avi'],
    ],
  },
  'oulu-casia': {
    harm(root) {
      truncateSync(join(root, 'OriginalImg/VL/Strong/P001/Anger/002.jpeg'), 300);
      rmSync(join(root, 'OriginalImg/VL/Strong/P002/Fear'), { recursive: true });
    },
    told: [
      ['OriginalImg/VL/Strong/P001/Anger', '002.jpeg is cut short'],
      ['OriginalImg/VL/Strong/P002/Fear', 'expected OriginalImg/VL/Strong/P002/Fear/000.jpeg'],
    ],
  },
  ravdess: {
    harm(root) {
      truncateSync(join(root, 'Actor_01/01-01-05-02-02-01-01.mp4'), 200);
      put(root, 'Actor_02/copy of 01.mp4', 'x');
    },
    told: [
      ['Actor_01/01-01-05-02-02-01-01.mp4', 'ffmpeg'],
      ['Actor_02/copy of 01.mp4', 'expected seven numbers'],
    ],
  },
  'crema-d': {
    harm(root) {
      writeFileSync(join(root, 'VideoFlash/1001_DFA_ANG_HI.flv'), 'version https://git-lfs.github.com/spec/v1\n');
      rmSync(join(root, 'VideoDemographics.csv'));
    },
    told: [
      ['VideoFlash/1001_DFA_ANG_HI.flv', 'run git lfs pull'],
      ['VideoDemographics.csv', 'expected VideoDemographics.csv'],
    ],
  },
};
