/**
 * MMI: sessions with one video each, from neutral over the apex back to neutral.
 *
 *     Sessions/1/session.xml        <subject id="1" .../>, <track filename="S001-001.avi" view="0" .../>
 *     Sessions/1/S001-001.avi
 *     Sessions/1/S001-001.xml       <Metatag Name="Emotion" Value="1"/>: anger, disgust, fear, happiness, sadness, surprise
 *     Sessions/1/S001-001-oao_aucs.xml      of some sessions: when each action unit begins, peaks and ends
 *
 * View 0 is frontal, 1 in profile, 2 both in one picture. Some frontal videos are stored on their side.
 */
import type { Corpus, CorpusClip, Scan, Skip } from './corpus.js';
import { dealt } from './fold-rules.js';
import { findBase, list, notThisCorpus, readSmall } from './folder.js';
import { phasesOf } from './mmi-phases.js';
import { xmlTags } from './xml.js';

/** By the value of the tag, from 1. */
const emotions = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise'] as const;

/** See the top of this file. */
export const mmi: Corpus = {
  name: 'mmi',
  title: 'MMI',
  citation:
    'M. Valstar, M. Pantic. Induced disgust, happiness and surprise: an addition to the MMI facial expression database. LREC Workshop on Emotion 2010; M. Pantic, M. Valstar, R. Rademaker, L. Maat. Web-based database for facial expression analysis. ICME 2005.',
  obtain: 'On request, by an account on the site of the MMI facial expression database.',
  licence: 'Research only; no redistribution.',
  variants: {
    frontal: {
      about: 'the frontal videos with one of six expressions',
      labels: [...emotions],
      published: { clips: 205, subjects: 30, source: 'the count that the field reports for frontal, labelled videos' },
      protocol:
        'Subject-independent 10-fold cross-validation: labelled subjects in ascending order are dealt to the folds one by one.',
      folds: 10,
    },
  },
  scan,
};

async function scan(root: string): Promise<Scan> {
  const base = await findBase(root, ['Sessions']);
  if (base === undefined) throw await notThisCorpus(root, 'MMI', 'Sessions/1/session.xml');
  const skipped: Skip[] = [];
  const found: Omit<CorpusClip, 'fold'>[] = [];
  const sessions = (await list(root, `${base}Sessions`))!.folders.filter((name) => /^\d+$/.test(name));
  if (sessions.length === 0) throw await notThisCorpus(`${root}/${base}Sessions`, 'MMI', '1/session.xml');
  sessions.sort((a, b) => Number(a) - Number(b));
  for (const session of sessions) {
    const folder = `${base}Sessions/${session}`;
    const files = (await list(root, folder))!.files;
    const about = await readSmall(root, `${folder}/session.xml`);
    if (about === undefined) {
      skipped.push({ path: folder, kind: 'layout', reason: `expected ${folder}/session.xml` });
      continue;
    }
    const videos = files.filter((file) => /\.avi$/i.test(file));
    if (videos.length === 0) {
      skipped.push({ path: folder, kind: 'layout', reason: `no video: expected ${folder}/S001-001.avi or the like` });
    }
    for (const video of videos) {
      const read = await readVideo(root, folder, video, about);
      if ('reason' in read) skipped.push(read);
      else found.push(read);
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

async function readVideo(
  root: string,
  folder: string,
  video: string,
  session: string,
): Promise<Omit<CorpusClip, 'fold'> | Skip> {
  const path = `${folder}/${video}`;
  const skip = (kind: Skip['kind'], reason: string): Skip => ({ path, kind, reason });
  const name = video.slice(0, -4);
  const labelFile = `${folder}/${name}.xml`;
  const text = await readSmall(root, labelFile);
  if (text === undefined) return skip('layout', `expected ${labelFile}`);
  const tag = xmlTags(text).find(({ name, attributes }) => name === 'Metatag' && attributes.Name === 'Emotion');
  if (!tag) return skip('unlabelled', `no <Metatag Name="Emotion"> in ${labelFile}`);
  const value = tag.attributes.Value ?? '';
  if (!/^\d+$/.test(value)) return skip('layout', `${labelFile}: expression ${JSON.stringify(value)} is no number`);
  const emotion = emotions[Number(value) - 1];
  if (!emotion) return skip('unlabelled', `expression ${value} is none of the six (1 to 6)`);

  const tags = xmlTags(session);
  const tracks = tags.filter((one) => one.name === 'track');
  const track =
    tracks.find(({ attributes }) => attributes.filename === video) ?? (tracks.length === 1 ? tracks[0] : undefined);
  const view = track?.attributes.view;
  if (view === '1') return skip('view', 'in profile');
  if (view === '2') return skip('view', 'frontal and profile in one picture');
  const person = tags.find((one) => one.name === 'subject')?.attributes ?? {};
  const subject = person.id ?? /^S(\d{3})-/.exec(name)?.[1];
  if (!subject) return skip('layout', `${folder}/session.xml names no subject: expected <subject id="...">`);
  const notes = view === undefined ? [`${folder}/session.xml does not say the view of ${video}: taken as frontal`] : [];
  const units = await readSmall(root, `${folder}/${name}-oao_aucs.xml`);
  const phases = units === undefined ? {} : phasesOf(units);
  if (units !== undefined && phases.apex === undefined) notes.push(`${name}-oao_aucs.xml marks no apex`);
  const age = Number(person.age);
  return {
    clip: `${folder.split('/').at(-1)!.padStart(4, '0')}-${name.replace(/[^\w.-]/g, '_')}`,
    subject: /^\d+$/.test(subject) ? `S${subject.padStart(3, '0')}` : subject,
    emotion,
    condition: 'posed',
    ...phases,
    ...(person.gender && { gender: person.gender.toLowerCase() }),
    ...(person.age && Number.isFinite(age) && { age }),
    ...(person.ethnicity && { ethnicity: person.ethnicity.toLowerCase() }),
    source: { kind: 'video', path, mayBeTurned: true },
    ...(notes.length > 0 && { notes }),
  };
}
