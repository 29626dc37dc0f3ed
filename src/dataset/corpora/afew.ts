/**
 * AFEW, as the EmotiW challenge split it: clips from films, seven classes, nobody named.
 *
 *     Train/Angry/000046280.avi        also Train_AFEW/, Val_AFEW/, and one more folder between
 *     Val/Surprise/...
 */
import type { Corpus, CorpusClip, Scan, Skip } from './corpus.js';
import { type Listing, list, notThisCorpus } from './folder.js';

/** By the name of the folder. */
const emotions: Readonly<Record<string, string>> = {
  Angry: 'anger',
  Disgust: 'disgust',
  Fear: 'fear',
  Happy: 'happiness',
  Neutral: 'neutral',
  Sad: 'sadness',
  Surprise: 'surprise',
};
const train = { anger: 133, disgust: 74, fear: 81, happiness: 150, neutral: 144, sadness: 117, surprise: 74 };
const val = { anger: 64, disgust: 40, fear: 46, happiness: 63, neutral: 63, sadness: 61, surprise: 46 };
const labels = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'];

/** Every so many-th training clip of a class chooses the epoch. */
const held = 10;

/** See the top of this file. */
export const afew: Corpus = {
  name: 'afew',
  title: 'AFEW',
  citation:
    'A. Dhall, R. Goecke, S. Lucey, T. Gedeon. Collecting large, richly annotated facial-expression databases from movies. IEEE MultiMedia 19(3), 2012; split of the EmotiW challenges from 2016 on.',
  obtain: 'On request, by a signed agreement with its authors (EmotiW challenge).',
  licence: 'Research only; no redistribution.',
  variants: {
    emotiw: {
      about: 'the official training and validation clips',
      labels,
      published: {
        clips: 773 + 383,
        labels: Object.fromEntries(
          labels.map((label) => [label, train[label as keyof typeof train] + val[label as keyof typeof val]]),
        ),
        source: 'EmotiW 2016 and later: 773 for training, 383 for validation',
      },
      protocol:
        'The official split, as the test labels are not public: trained on Train, tested once on Val (fold 3). Every tenth training clip of a class (fold 2) chooses the epoch and is not trained on. Nobody is named: each clip counts as a subject of its own, and people of one film may be in both folds 1 and 2.',
      folds: 3,
      rounds: [{ test: 3, validation: 2 }],
    },
  },
  scan,
};

async function scan(root: string): Promise<Scan> {
  const top = await list(root);
  const trainFolder = top && (await findSet(root, top, /^Train(_AFEW)?$/));
  const valFolder = top && (await findSet(root, top, /^Val(_AFEW)?$/));
  if (!trainFolder) throw await notThisCorpus(root, 'AFEW', 'Train/Angry/*.avi');
  if (!valFolder) throw await notThisCorpus(root, 'AFEW', 'Val/Angry/*.avi');
  const skipped: Skip[] = [];
  const clips: CorpusClip[] = [];
  for (const [set, folder] of [
    ['Train', trainFolder],
    ['Val', valFolder],
  ] as const) {
    for (const [name, emotion] of Object.entries(emotions)) {
      const videos = (await list(root, `${folder}/${name}`))?.files.filter((file) => /\.avi$/i.test(file)) ?? [];
      const files = videos.filter((file) => /^[\w.-]+$/.test(file));
      if (videos.length === 0) {
        const reason = `no clip of ${emotion} in ${set}: expected ${folder}/${name}/*.avi`;
        skipped.push({ path: `${folder}/${name}`, kind: 'layout', reason });
      }
      for (const file of videos.filter((file) => !files.includes(file))) {
        const reason = 'expected letters, digits, - and _ only, as 000046280.avi';
        skipped.push({ path: `${folder}/${name}/${file}`, kind: 'layout', reason });
      }
      files.forEach((file, i) => {
        const clip = `${set}-${name}-${file.slice(0, -4)}`;
        clips.push({
          clip,
          subject: clip,
          emotion,
          condition: set === 'Train' ? 'train' : 'val',
          fold: set === 'Val' ? 3 : i % held === held - 1 ? 2 : 1,
          source: { kind: 'video', path: `${folder}/${name}/${file}` },
        });
      });
    }
  }
  // A class with fewer clips than `held` gives its last one, if it has another to train on.
  for (const label of labels) {
    const some = clips.filter(({ emotion, fold }) => emotion === label && fold < 3);
    const last = some.at(-1);
    if (last && some.length > 1 && some.every(({ fold }) => fold === 1)) last.fold = 2;
  }
  clips.sort((a, b) => (a.clip < b.clip ? -1 : 1));
  return { clips, skipped };
}

/** `Train`, or `x/Train`, or `Train_AFEW/Train_AFEW` when the archive made a folder of its own. */
async function findSet(root: string, top: Listing, name: RegExp): Promise<string | undefined> {
  const isSet = async (path: string) => (await list(root, path))!.folders.some((folder) => folder in emotions);
  for (const folder of top.folders) {
    if (name.test(folder) && (await isSet(folder))) return folder;
    for (const inner of (await list(root, folder))!.folders) {
      if (name.test(inner) && (await isSet(`${folder}/${inner}`))) return `${folder}/${inner}`;
    }
  }
  return undefined;
}
