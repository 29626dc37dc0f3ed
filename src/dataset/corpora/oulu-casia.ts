/**
 * Oulu-CASIA NIR & VIS: picture sequences from neutral to apex of 80 people, six expressions, two cameras (NI near-infrared,
 * VL visible light) under three lights.
 *
 *     VL/Strong/P001/Anger/000.jpeg       also below OriginalImg/
 */
import type { Corpus, CorpusClip, CorpusVariant, Scan, Skip } from './corpus.js';
import { dealt } from './fold-rules.js';
import { findBase, gaps, list, notThisCorpus, pictures } from './folder.js';

/** By the name of the folder. */
const emotions: Readonly<Record<string, string>> = {
  Anger: 'anger',
  Disgust: 'disgust',
  Fear: 'fear',
  Happiness: 'happiness',
  Sadness: 'sadness',
  Surprise: 'surprise',
};
const labels = Object.values(emotions);
const cameras = { NI: 'near-infrared', VL: 'visible light' } as const;
const lights = ['Strong', 'Weak', 'Dark'] as const;
const fps = 25;
const people = Array.from({ length: 80 }, (_, i) => `P${String(i + 1).padStart(3, '0')}`);

function variantOf(parts: number, about: string): CorpusVariant {
  const each = 80 * parts;
  return {
    about,
    labels,
    published: {
      clips: 6 * each,
      subjects: 80,
      labels: Object.fromEntries(labels.map((label) => [label, each])),
      bySubject: Object.fromEntries(people.map((name) => [name, Object.fromEntries(labels.map((l) => [l, parts]))])),
      source: 'Zhao et al. 2011',
    },
    protocol:
      'Subject-independent 10-fold cross-validation: subjects in ascending order are dealt to the folds one by one. The field tests on visible, strong light.',
    folds: 10,
  };
}

/** Variant names with the folders that they take. */
const parts: Record<string, { camera: keyof typeof cameras; light: (typeof lights)[number] }[]> = {
  'vl-strong': [{ camera: 'VL', light: 'Strong' }],
  'vl-weak': [{ camera: 'VL', light: 'Weak' }],
  'vl-dark': [{ camera: 'VL', light: 'Dark' }],
  'ni-strong': [{ camera: 'NI', light: 'Strong' }],
  'ni-weak': [{ camera: 'NI', light: 'Weak' }],
  'ni-dark': [{ camera: 'NI', light: 'Dark' }],
};
parts.all = Object.values(parts).flat();

/** See the top of this file. */
export const ouluCasia: Corpus = {
  name: 'oulu-casia',
  title: 'Oulu-CASIA',
  citation:
    'G. Zhao, X. Huang, M. Taini, S. Z. Li, M. Pietikäinen. Facial expression recognition from near-infrared videos. Image and Vision Computing 29(9), 2011.',
  obtain:
    'On request, by a signed agreement with the Center for Machine Vision and Signal Analysis, University of Oulu.',
  licence: 'Research only; no redistribution.',
  variants: Object.fromEntries(
    Object.entries(parts).map(([name, some]) => [
      name,
      variantOf(
        some.length,
        name === 'all'
          ? 'both cameras, all three lights'
          : `${cameras[some[0]!.camera]}, ${some[0]!.light.toLowerCase()} light`,
      ),
    ]),
  ),
  scan,
};

async function scan(root: string, variant: string): Promise<Scan> {
  const wanted = parts[variant]!;
  const example = `${wanted[0]!.camera}/${wanted[0]!.light}/P001/Anger/000.jpeg`;
  const base = await findBase(root, Object.keys(cameras));
  if (base === undefined) throw await notThisCorpus(root, 'Oulu-CASIA', example);
  const skipped: Skip[] = [];
  const found: Omit<CorpusClip, 'fold'>[] = [];
  for (const { camera, light } of wanted) {
    const part = `${base}${camera}/${light}`;
    const people = await list(root, part);
    if (!people && wanted.length === 1) throw await notThisCorpus(`${root}/${base}`, 'Oulu-CASIA', example);
    if (!people) skipped.push({ path: part, kind: 'layout', reason: `no such folder: expected ${part}/P001/Anger` });
    for (const subject of people?.folders ?? []) {
      if (!/^P\d{3}$/.test(subject)) {
        const reason = 'no subject folder: expected P and three digits, as P001';
        skipped.push({ path: `${part}/${subject}`, kind: 'layout', reason });
        continue;
      }
      const present = (await list(root, `${part}/${subject}`))!.folders;
      for (const [name, emotion] of Object.entries(emotions)) {
        const folder = `${part}/${subject}/${name}`;
        const files = present.includes(name)
          ? (await list(root, folder))!.files.filter((file) => /^\d{3,}\.jpe?g$/i.test(file))
          : [];
        if (files.length < 2) {
          const reason = `${files.length} pictures: expected ${folder}/000.jpeg and more`;
          skipped.push({ path: folder, kind: 'layout', reason });
          continue;
        }
        const notes = gaps(files.map((file) => Number.parseInt(file, 10))).map(
          (n) => `${folder}/${String(n).padStart(3, '0')}.jpeg is missing`,
        );
        found.push({
          clip: `${camera}-${light}-${subject}-${name}`,
          subject,
          emotion,
          condition: `${camera}-${light}`,
          onset: 0,
          apex: 'last',
          source: pictures(folder, files, 'jpeg', fps),
          ...(notes.length > 0 && { notes }),
        });
      }
    }
  }
  const foldOf = dealt(
    found.map(({ subject }) => subject),
    10,
  );
  const clips = found.map((clip) => ({ ...clip, fold: foldOf.get(clip.subject)! }));
  clips.sort((a, b) => (a.clip < b.clip ? -1 : 1));
  return { clips, skipped };
}
