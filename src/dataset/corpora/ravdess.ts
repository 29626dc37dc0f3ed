/**
 * RAVDESS: 24 actors speak and sing two sentences with eight expressions.
 *
 *     Actor_01/02-01-06-01-02-01-12.mp4     modality-channel-expression-intensity-statement-repetition-actor
 *
 * Modality 01 has sound, 02 is the same take without; 03 is sound alone. Archives unpack as `Video_Speech_Actor_01` too.
 */
import type { Corpus, CorpusClip, Scan, Skip } from './corpus.js';
import { listed } from './fold-rules.js';
import { list, notThisCorpus } from './folder.js';

/** By the third number, from 1. */
const emotions = ['neutral', 'calm', 'happiness', 'sadness', 'anger', 'fear', 'disgust', 'surprise'] as const;
const labels = ['neutral', 'calm', 'happiness', 'sadness', 'anger', 'fear', 'disgust', 'surprise'];
const two = (n: number) => String(n).padStart(2, '0');

/** The folds of Luna-Jiménez et al. 2021. */
const actors = [
  [2, 5, 14, 15, 16],
  [3, 6, 7, 13, 18],
  [10, 11, 12, 19, 20],
  [8, 17, 21, 23, 24],
  [1, 4, 9, 22],
];
const foldOf = listed(actors.map((some) => some.map((n) => `Actor_${two(n)}`)));
const protocol =
  'Subject-wise 5-fold cross-validation on the actor folds that Luna-Jiménez et al. (Sensors 2021) published: (2,5,14,15,16) (3,6,7,13,18) (10,11,12,19,20) (8,17,21,23,24) (1,4,9,22).';
const speech = Object.fromEntries(labels.map((label) => [label, label === 'neutral' ? 96 : 192]));
/** Song has five expressions besides neutral, no disgust or surprise, and lacks actor 18: 23 actors. */
const song = { neutral: 92, calm: 184, happiness: 184, sadness: 184, anger: 184, fear: 184 };

/** Takes of each actor: as many of one as of another, but for actor 18, who does not sing. */
function ofEach(sung: boolean): Record<string, Record<string, number>> {
  const takes = (name: string) =>
    labels.map((label) => {
      const songs = sung && name !== 'Actor_18' ? ((song as Record<string, number>)[label] ?? 0) / 23 : 0;
      return [label, speech[label]! / 24 + songs] as const;
    });
  return Object.fromEntries([...foldOf.keys()].map((name) => [name, Object.fromEntries(takes(name))]));
}

/** See the top of this file. */
export const ravdess: Corpus = {
  name: 'ravdess',
  title: 'RAVDESS',
  citation:
    'S. R. Livingstone, F. A. Russo. The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS). PLoS ONE 13(5), 2018.',
  obtain: 'Zenodo, record 1188976.',
  licence: 'CC BY-NC-SA 4.0; commercial licences from its authors.',
  variants: {
    speech: {
      about: 'the spoken takes',
      labels,
      published: {
        ...{ clips: 1440, subjects: 24, labels: speech, bySubject: ofEach(false) },
        source: 'Livingstone and Russo 2018',
      },
      protocol,
      folds: 5,
    },
    'speech-and-song': {
      about: 'the spoken and the sung takes',
      labels,
      published: {
        clips: 1440 + 1012,
        subjects: 24,
        labels: Object.fromEntries(
          labels.map((label) => [label, speech[label]! + ((song as Record<string, number>)[label] ?? 0)]),
        ),
        bySubject: ofEach(true),
        source: 'Livingstone and Russo 2018',
      },
      protocol,
      folds: 5,
    },
  },
  scan,
};

const actorFolder = /^(?:Video_(?:Speech|Song)_)?Actor_(\d{2})$/;

async function scan(root: string, variant: string): Promise<Scan> {
  const folders = ((await list(root))?.folders ?? []).filter((name) => actorFolder.test(name));
  if (folders.length === 0) throw await notThisCorpus(root, 'RAVDESS', 'Actor_01/01-01-01-01-01-01-01.mp4');
  const skipped: Skip[] = [];
  const takes = new Map<string, CorpusClip & { modality: string }>();
  for (const folder of folders) {
    const inner = await list(root, folder);
    // `Video_Speech_Actor_01/Actor_01/`: the archive's own folder.
    const below = inner!.folders.filter((name) => actorFolder.test(name)).map((name) => `${folder}/${name}`);
    for (const place of [folder, ...below]) {
      for (const file of (await list(root, place))!.files) {
        if (!file.endsWith('.mp4')) continue;
        const path = `${place}/${file}`;
        const found = read(path, file, variant);
        if ('reason' in found) {
          skipped.push(found);
          continue;
        }
        const other = takes.get(found.clip);
        const [kept, left] = other && other.modality <= found.modality ? [other, found] : [found, other];
        takes.set(found.clip, kept);
        if (left) {
          const reason = `the same take as ${pathOf(kept)}`;
          skipped.push({ path: pathOf(left), kind: 'other-take', reason });
        }
      }
    }
  }
  const clips = [...takes.values()].map(({ modality: _, ...clip }) => clip);
  clips.sort((a, b) => (a.clip < b.clip ? -1 : 1));
  return { clips, skipped };
}

const pathOf = ({ source }: CorpusClip) => (source.kind === 'video' ? source.path : source.paths[0]!);

function read(path: string, file: string, variant: string): (CorpusClip & { modality: string }) | Skip {
  const parts = /^(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)\.mp4$/.exec(file)?.slice(1);
  const wrong = (reason: string): Skip => ({ path, kind: 'layout', reason });
  if (!parts) return wrong('expected seven numbers of two digits, as 01-01-06-01-02-01-12.mp4');
  const [modality, channel, expression, intensity, statement, repetition, actor] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const emotion = emotions[Number(expression) - 1];
  const subject = `Actor_${actor}`;
  const fold = foldOf.get(subject);
  if (!emotion) return wrong(`expression ${expression} is none of 01 to 08`);
  if (fold === undefined) return wrong(`actor ${actor} is none of 01 to 24`);
  if (!['01', '02'].includes(channel)) return wrong(`vocal channel ${channel} is neither 01 nor 02`);
  if (!['01', '02'].includes(intensity)) return wrong(`intensity ${intensity} is neither 01 nor 02`);
  if (modality === '03') return { path, kind: 'other-take', reason: 'sound alone' };
  if (modality !== '01' && modality !== '02') return wrong(`modality ${modality} is none of 01 to 03`);
  if (channel === '02' && variant === 'speech') return { path, kind: 'other-take', reason: 'sung, not spoken' };
  return {
    modality,
    clip: [channel, expression, intensity, statement, repetition, actor].join('-'),
    subject,
    emotion,
    condition: channel === '01' ? 'speech' : 'song',
    variant: intensity === '01' ? 'normal' : 'strong',
    fold,
    gender: Number(actor) % 2 === 1 ? 'male' : 'female',
    extra: { statement, repetition },
    source: { kind: 'video', path },
  };
}
