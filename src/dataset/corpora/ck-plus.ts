/**
 * CK+, the extended Cohn-Kanade set: picture sequences from neutral to apex, 123 people, 327 sequences with a label.
 *
 *     cohn-kanade-images/S005/001/S005_001_00000001.png
 *     Emotion/S005/001/S005_001_00000011_emotion.txt      one number, 0 to 7; no file, or an empty folder: no label
 */
import { basename } from 'node:path';
import type { Corpus, CorpusClip, Scan, Skip } from './corpus.js';
import { dealt } from './fold-rules.js';
import { findBase, gaps, list, notThisCorpus, pictures, readSmall } from './folder.js';

/** By the number in the label file. */
const emotions = ['neutral', 'anger', 'contempt', 'disgust', 'fear', 'happiness', 'sadness', 'surprise'] as const;
const labels = ['anger', 'contempt', 'disgust', 'fear', 'happiness', 'sadness', 'surprise'];
const counts = { anger: 45, contempt: 18, disgust: 59, fear: 25, happiness: 69, sadness: 28, surprise: 83 };
/** Sequences with and without a label. */
const distributed = { clips: 593, subjects: 123 };
const images = 'cohn-kanade-images';
/** The recordings' rate. */
const fps = 30;

const folds =
  'Subject-independent 10-fold cross-validation: labelled subjects in ascending order are dealt to the folds one by one.';

/** See the top of this file. */
export const ckPlus: Corpus = {
  name: 'ck-plus',
  title: 'CK+',
  citation:
    'P. Lucey, J. F. Cohn, T. Kanade, J. Saragih, Z. Ambadar, I. Matthews. The Extended Cohn-Kanade Dataset (CK+): A complete dataset for action unit and emotion-specified expression. CVPR Workshops 2010.',
  obtain: 'On request, by a signed agreement with the Affect Analysis Group, University of Pittsburgh.',
  licence: 'Research only; no redistribution.',
  variants: {
    '7': {
      about: 'seven expressions, from neutral to the apex',
      labels,
      published: {
        ...{ clips: 327, subjects: 118, labels: counts, distributed },
        source: 'Lucey et al. 2010, the labels as distributed',
      },
      protocol: folds,
      folds: 10,
    },
    '8': {
      about: 'the seven and neutral: the beginning of one sequence per labelled subject',
      labels: [...labels, 'neutral'],
      published: {
        clips: 327 + 118,
        subjects: 118,
        labels: { ...counts, neutral: 118 },
        distributed,
        source: 'Lucey et al. 2010; neutral by our own rule, one clip per labelled subject',
      },
      protocol: `${folds} The neutral clips are the first quarter (at least four pictures) of each labelled subject's first labelled sequence of eight pictures or more: our own rule, for the corpus defines no neutral video.`,
      folds: 10,
    },
  },
  scan,
};

interface Sequence {
  name: string;
  subject: string;
  folder: string;
  files: string[];
  label: number;
  notes: string[];
}

async function scan(root: string, variant: string): Promise<Scan> {
  const base = await findBase(root, [images]);
  if (base === undefined) throw await notThisCorpus(root, 'CK+', `${images}/S005/001/S005_001_00000001.png`);
  // Its two archives unpack side by side, or each into a folder of its own.
  const labelBase = (await list(root, `${base}Emotion`)) ? base : await findBase(root, ['Emotion']);
  if (labelBase === undefined) {
    throw await notThisCorpus(`${root}/${base}`, 'CK+', 'Emotion/S005/001/S005_001_00000011_emotion.txt');
  }
  const skipped: Skip[] = [];
  const sequences: Sequence[] = [];
  const found = { clips: 0, subjects: 0 };
  for (const subject of (await list(root, `${base}${images}`))!.folders) {
    if (!/^S\d{3}$/.test(subject)) {
      skipped.push({
        path: `${base}${images}/${subject}`,
        kind: 'layout',
        reason: 'no subject folder: expected S and three digits, as S005',
      });
      continue;
    }
    found.subjects++;
    for (const take of (await list(root, `${base}${images}/${subject}`))!.folders) {
      const one = await readSequence(root, `${base}${images}`, `${labelBase}Emotion`, subject, take);
      if (!('reason' in one && one.kind === 'layout')) found.clips++;
      if ('reason' in one) skipped.push(one);
      else sequences.push(one);
    }
  }
  const withLabel = sequences.filter(({ label }) => label > 0 || variant === '8');
  for (const { folder } of sequences.filter((one) => !withLabel.includes(one))) {
    skipped.push({ path: folder, kind: 'unlabelled', reason: 'labelled neutral, which is no class of this variant' });
  }
  const foldOf = dealt(
    withLabel.map(({ subject }) => subject),
    10,
  );
  const clips: CorpusClip[] = withLabel.map(({ name, subject, folder, files, label, notes }) => ({
    clip: name,
    subject,
    emotion: emotions[label]!,
    condition: 'posed',
    fold: foldOf.get(subject)!,
    ...(label > 0 && { onset: 0, apex: 'last' as const }),
    source: pictures(folder, files, 'png', fps),
    ...(notes.length > 0 && { notes }),
  }));
  if (variant === '8') clips.push(...neutralClips(withLabel, foldOf));
  clips.sort((a, b) => (a.clip < b.clip ? -1 : 1));
  return { clips, skipped, distributed: found };
}

async function readSequence(
  root: string,
  pictureFolder: string,
  emotionFolder: string,
  subject: string,
  take: string,
): Promise<Sequence | Skip> {
  const folder = `${pictureFolder}/${subject}/${take}`;
  const name = `${subject}_${take}`;
  const pattern = new RegExp(`^${name}_(\\d{8})\\.png$`);
  const files = /^\d{3}$/.test(take) ? (await list(root, folder))!.files.filter((file) => pattern.test(file)) : [];
  if (files.length < 2) {
    const reason = `${files.length} pictures: expected ${folder}/${name}_00000001.png and more`;
    return { path: folder, kind: 'layout', reason };
  }
  const labelFolder = `${emotionFolder}/${subject}/${take}`;
  const labelFile = (await list(root, labelFolder))?.files.find((file) => file.endsWith('_emotion.txt'));
  if (!labelFile) return { path: folder, kind: 'unlabelled', reason: `no ${labelFolder}/${name}_*_emotion.txt` };
  const text = (await readSmall(root, `${labelFolder}/${labelFile}`))!.trim();
  const label = /^\d/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isInteger(label) || label >= emotions.length) {
    const reason = `${JSON.stringify(text.slice(0, 40))} is no label: expected a number from 0 to 7`;
    return { path: `${labelFolder}/${labelFile}`, kind: 'layout', reason };
  }
  const numbers = files.map((file) => Number(pattern.exec(file)![1]));
  const notes = gaps(numbers).map((n) => `${folder}/${name}_${String(n).padStart(8, '0')}.png is missing`);
  const labelled = Number(new RegExp(`^${name}_(\\d{8})_`).exec(labelFile)?.[1]);
  if (labelled !== numbers.at(-1)) {
    notes.push(`${labelFile} labels picture ${labelled}, the last picture is ${basename(files.at(-1)!)}`);
  }
  return { name, subject, folder, files, label, notes };
}

function neutralClips(sequences: readonly Sequence[], foldOf: ReadonlyMap<string, number>): CorpusClip[] {
  const first = new Map<string, Sequence>();
  for (const sequence of sequences) {
    if (sequence.files.length >= 8 && !first.has(sequence.subject)) first.set(sequence.subject, sequence);
  }
  return [...first.values()].map(({ name, subject, folder, files }) => ({
    clip: `${name}_neutral`,
    subject,
    emotion: 'neutral',
    condition: 'posed',
    fold: foldOf.get(subject)!,
    source: pictures(folder, files.slice(0, Math.max(4, Math.floor(files.length / 4))), 'png', fps),
  }));
}
