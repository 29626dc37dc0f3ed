/**
 * CREMA-D: 91 actors speak twelve sentences with six expressions.
 *
 *     VideoFlash/1001_DFA_ANG_XX.flv             actor_sentence_expression_intensity
 *     VideoDemographics.csv                      age, sex, race, ethnicity
 *     processedResults/summaryTable.csv          what raters saw in the face, heard in the voice, and in both
 */
import { type CsvTable, parseTable } from '../csv.js';
import type { Corpus, CorpusClip, Scan, Skip } from './corpus.js';
import { list, notThisCorpus, readSmall } from './folder.js';

const emotions: Readonly<Record<string, string>> = {
  ANG: 'anger',
  DIS: 'disgust',
  FEA: 'fear',
  HAP: 'happiness',
  SAD: 'sadness',
  NEU: 'neutral',
};
const labels = Object.values(emotions);
const intensities: Readonly<Record<string, string>> = { LO: 'low', MD: 'medium', HI: 'high', XX: 'unspecified' };
/** Files that the corpus' own page names as broken, without their endings. */
const knownBad = new Set(['1064_IEO_DIS_MD', '1064_TIE_SAD_XX', '1076_MTI_NEU_XX', '1076_MTI_SAD_XX']);
/** Last actor of each fold: five blocks of actors in order, of 18, 18, 18, 18 and 19. */
const blocks = [1018, 1036, 1054, 1072, 1091];

/** See the top of this file. */
export const cremaD: Corpus = {
  name: 'crema-d',
  title: 'CREMA-D',
  citation:
    'H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma. CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 2014.',
  obtain: 'GitHub, CheyneyComputerScience/CREMA-D, with git-lfs.',
  licence: 'Open Database License (database), Database Contents License (contents).',
  variants: {
    intended: {
      about: 'the expression that the actor was asked for',
      labels,
      published: {
        clips: 7442 - knownBad.size,
        subjects: 91,
        labels: { anger: 1271, disgust: 1270, fear: 1271, happiness: 1271, sadness: 1269, neutral: 1086 },
        source: 'Cao et al. 2014: 7442, less the four broken clips',
      },
      protocol:
        'Subject-independent 5-fold cross-validation on consecutive blocks of actors: 1001-1018, 1019-1036, 1037-1054, 1055-1072, 1073-1091.',
      folds: 5,
    },
  },
  scan,
};

async function scan(root: string): Promise<Scan> {
  const folder = 'VideoFlash';
  const files = (await list(root, folder))?.files.filter((file) => file.endsWith('.flv')) ?? [];
  if (files.length === 0) throw await notThisCorpus(root, 'CREMA-D', `${folder}/1001_DFA_ANG_XX.flv`);
  const skipped: Skip[] = [];
  const people = await rowsBy(root, 'VideoDemographics.csv', 'ActorID', ['Age', 'Sex', 'Race', 'Ethnicity'], skipped);
  const votes = await rowsBy(root, 'processedResults/summaryTable.csv', 'FileName', ['FaceVote', 'FaceLevel'], skipped);
  const clips: CorpusClip[] = [];
  for (const file of files) {
    const path = `${folder}/${file}`;
    const name = file.slice(0, -4);
    const [, actor, sentence, expression, intensity] = /^(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{1,2})$/.exec(name) ?? [];
    const emotion = emotions[expression ?? ''];
    const block = blocks.findIndex((last) => Number(actor) <= last);
    if (!emotion || block < 0 || Number(actor) < 1001) {
      const reason = 'expected actor_sentence_expression_intensity, as 1001_DFA_ANG_XX.flv';
      skipped.push({ path, kind: 'layout', reason });
      continue;
    }
    if (knownBad.has(name)) {
      skipped.push({ path, kind: 'known-bad', reason: 'broken at its source, as its authors say' });
      continue;
    }
    const person = people?.get(actor!);
    const vote = votes?.get(name);
    const age = Number(person?.Age);
    clips.push({
      clip: name,
      subject: actor!,
      emotion,
      condition: 'speech',
      variant: intensities[intensity!] ?? intensity!,
      fold: block + 1,
      ...(person?.Sex && { gender: person.Sex.toLowerCase() }),
      ...(person?.Age && Number.isFinite(age) && { age }),
      ...(person?.Race && { ethnicity: person.Race.toLowerCase() }),
      extra: { sentence: sentence!, ...votesOf(vote) },
      source: { kind: 'video', path },
      ...(people && !person && { notes: [`actor ${actor} is not in VideoDemographics.csv`] }),
    });
  }
  clips.sort((a, b) => (a.clip < b.clip ? -1 : 1));
  return { clips, skipped };
}

/** What most raters saw in the face, heard in the voice, and in both, and how strong it was to them. */
function votesOf(row: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ face: 'Face', voice: 'Voice', both: 'MultiModal' }).flatMap(([name, column]) => [
      [`${name}_vote`, row?.[`${column}Vote`] ?? ''],
      [`${name}_level`, row?.[`${column}Level`] ?? ''],
    ]),
  );
}

/** A table of the corpus by one column. Its absence, or damage in it, is told and does not stop the rest. */
async function rowsBy(
  root: string,
  path: string,
  key: string,
  columns: readonly string[],
  skipped: Skip[],
): Promise<Map<string, Record<string, string>> | undefined> {
  const text = await readSmall(root, path);
  if (text === undefined) {
    skipped.push({ path, kind: 'layout', reason: `expected ${path}: groups and votes are left out without it` });
    return undefined;
  }
  let table: CsvTable;
  try {
    // The first column of R's tables has no name.
    table = parseTable(text.replace(/^\ufeff?(""|),/, 'row,'), path, [key, ...columns]);
  } catch (error) {
    skipped.push({ path, kind: 'damaged', reason: (error as Error).message });
    return undefined;
  }
  return new Map(table.rows.map(({ values }) => [values[key]!, values]));
}
