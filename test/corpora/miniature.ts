/**
 * Miniatures of the corpora in their published layouts, drawn by ffmpeg: no picture of anybody. Each has three or more
 * people and two or more labels, so that the protocol's folds can be run.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { lavfi, makeClip } from '../support/clips.js';
import { ffmpegPath } from '../support/ffmpeg.js';

/** Every clip of a process shows something else. */
let drawn = 0;

/** A graph whose movement depends on the number. */
function graph(n: number, frames: number): readonly string[] {
  const way = n % 2 === 0 ? `x='30+20*sin((n+${n})/2)':y=30` : `x=30:y='30+20*sin((n+${n})/2)'`;
  return lavfi(`mandelbrot=s=112x112:r=25:start_scale=${(0.4 + 0.013 * n).toFixed(3)},crop=48:48:${way}`, frames);
}

/** Puts text or bytes into a new file. */
export function put(root: string, path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const encoders = {
  avi: ['-c:v', 'mpeg4', '-vtag', 'XVID', '-g', '12', '-bf', '2', '-q:v', '4'],
  mp4: ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1'],
  flv: ['-c:v', 'flv', '-g', '12', '-q:v', '4'],
} as const;

/** Draws a video into a new file; its ending says the codec. */
export function video(root: string, path: string, frames = 10): void {
  const ending = path.split('.').at(-1) as keyof typeof encoders;
  const clip = makeClip(graph(drawn++, frames), encoders[ending], ending);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(clip, join(root, path));
}

/** Draws sequences of pictures into new folders with one run of ffmpeg. `name` gives the file name of a picture from 0. */
function sequences(
  root: string,
  folders: readonly { folder: string; name: (i: number) => string }[],
  format: 'png' | 'jpeg',
  frames: number,
): void {
  const scratch = mkdtempSync(join(tmpdir(), 'vultus-pictures-'));
  const all = frames * folders.length;
  const [options, ending] = format === 'png' ? [['-pix_fmt', 'rgb24'], 'png'] : [['-q:v', '3'], 'jpg'];
  const source = `mandelbrot=s=112x112:r=25:start_scale=0.6,crop=48:48:x='30+20*sin(n/3)':y='30+20*cos(n/5)'`;
  const { status, stderr } = spawnSync(ffmpegPath(), [
    ...['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', String(all), ...options],
    join(scratch, `%05d.${ending}`),
  ]);
  if (status !== 0) throw new Error(String(stderr));
  const files = readdirSync(scratch).sort();
  folders.forEach(({ folder, name }, s) => {
    mkdirSync(join(root, folder), { recursive: true });
    for (let i = 0; i < frames; i++) {
      renameSync(join(scratch, files[s * frames + i]!), join(root, folder, name(i)));
    }
  });
  rmSync(scratch, { recursive: true });
}

const digits = (n: number, width: number) => String(n).padStart(width, '0');

/** Three people; anger and happiness of each, and a sequence without a label. */
export function ckPlusMiniature(root: string): void {
  const people = ['S005', 'S010', 'S011'];
  const takes = people.flatMap((subject) => ['001', '002', '003'].map((take) => ({ subject, take })));
  sequences(
    root,
    takes.map(({ subject, take }) => ({
      folder: `cohn-kanade-images/${subject}/${take}`,
      name: (i) => `${subject}_${take}_${digits(i + 1, 8)}.png`,
    })),
    'png',
    8,
  );
  for (const subject of people) {
    put(root, `Emotion/${subject}/001/${subject}_001_00000008_emotion.txt`, '   1.0000000e+00\n');
    put(root, `Emotion/${subject}/002/${subject}_002_00000008_emotion.txt`, '   5.0000000e+00\n');
    mkdirSync(join(root, `Emotion/${subject}/003`), { recursive: true });
  }
}

/** A session; `view` 0 is frontal. */
export function mmiSession(root: string, n: number, subject: number, emotion: number | undefined, view = 0): void {
  const folder = `Sessions/${n}`;
  const name = `S${digits(subject, 3)}-${digits(n, 3)}`;
  video(root, `${folder}/${name}.avi`, 14);
  put(
    root,
    `${folder}/session.xml`,
    `<?xml version="1.0" encoding="utf-8"?>
<!-- <subject id="99"/> -->
<session sessionId="${n}"><subject id="${subject}" gender="Female" age="2${subject}" ethnicity="European"/>
<track filename="${name}.avi" view="${view}" color="1"/></session>`,
  );
  const label = emotion === undefined ? '' : `<Metatag Name="Emotion" Value="${emotion}"/>`;
  put(
    root,
    `${folder}/${name}.xml`,
    `<?xml version="1.0"?><Metadata><Metatag Name="Take" Value="1"/>${label}</Metadata>`,
  );
}

/** The annotation of action units: two whose apexes overlap from frame 7 to 9, counted from 1, and a blink. */
export function mmiUnits(root: string, n: number, subject: number): void {
  const unit = (number: number, frames: readonly number[]) =>
    `<ActionUnit Number="${number}">${frames.map((frame, i) => `<Marker Frame="${frame}" Type="${i % 4}"/>`).join('')}</ActionUnit>`;
  const units = [unit(9, [1, 3, 5, 10, 13]), unit(17, [1, 4, 7, 12, 14]), unit(45, [1, 2, 3, 4, 5])];
  put(
    root,
    `Sessions/${n}/S${digits(subject, 3)}-${digits(n, 3)}-oao_aucs.xml`,
    `<?xml version="1.0"?><AU_OAO_Annotation>${units.join('')}</AU_OAO_Annotation>`,
  );
}

/** Three people with disgust and surprise, one session in profile, one of both views, one without a label. */
export function mmiMiniature(root: string): void {
  let session = 1;
  for (const subject of [1, 2, 15]) for (const emotion of [2, 6]) mmiSession(root, session++, subject, emotion);
  for (const [n, subject] of [
    [1, 1],
    [4, 2],
    [5, 15],
  ] as const)
    mmiUnits(root, n, subject);
  mmiSession(root, session++, 1, 4, 1);
  mmiSession(root, session++, 2, 4, 2);
  mmiSession(root, session++, 2, undefined);
  mmiSession(root, session++, 2, 12);
}

const afewClasses = ['Angry', 'Disgust', 'Fear', 'Happy', 'Neutral', 'Sad', 'Surprise'];

/** Two training clips and one validation clip of each class. */
export function afewMiniature(root: string): void {
  afewClasses.forEach((name, c) => {
    for (let i = 0; i < 2; i++) video(root, `Train/${name}/${digits(1000 + 100 * c + 20 * i, 9)}.avi`, 8);
    video(root, `Val/${name}/${digits(5000 + 100 * c, 9)}.avi`, 8);
  });
}

/** Three people, six expressions, visible and strong light. */
export function ouluMiniature(root: string): void {
  const emotions = ['Anger', 'Disgust', 'Fear', 'Happiness', 'Sadness', 'Surprise'];
  const folders = ['P001', 'P002', 'P003'].flatMap((subject) =>
    emotions.map((emotion) => `OriginalImg/VL/Strong/${subject}/${emotion}`),
  );
  sequences(
    root,
    folders.map((folder) => ({ folder, name: (i) => `${digits(i, 3)}.jpeg` })),
    'jpeg',
    6,
  );
}

/** Four actors of four folds: calm and anger spoken, with and without sound, and anger sung. */
export function ravdessMiniature(root: string): void {
  for (const actor of ['01', '02', '03', '10']) {
    const folder = `Actor_${actor}`;
    video(root, `${folder}/01-01-02-01-01-01-${actor}.mp4`);
    video(root, `${folder}/01-01-05-02-02-01-${actor}.mp4`);
    copyFileSync(
      join(root, folder, `01-01-02-01-01-01-${actor}.mp4`),
      join(root, folder, `02-01-02-01-01-01-${actor}.mp4`),
    );
    video(root, `${folder}/02-02-05-01-01-01-${actor}.mp4`);
    put(root, `${folder}/03-01-02-01-01-01-${actor}.wav`, 'sound');
  }
}

/** Four actors of four blocks, anger and neutral, and one of the broken clips; with both tables. */
export function cremaMiniature(root: string): void {
  const actors = ['1001', '1019', '1037', '1091'];
  const names = actors.flatMap((actor) => [`${actor}_DFA_ANG_HI`, `${actor}_IEO_NEU_XX`]);
  for (const name of [...names, '1076_MTI_SAD_XX']) video(root, `VideoFlash/${name}.flv`);
  const people = actors.map((actor, i) => `${actor},${30 + i},${i % 2 ? 'Female' : 'Male'},Caucasian,Not Hispanic`);
  put(root, 'VideoDemographics.csv', `ActorID,Age,Sex,Race,Ethnicity\r\n${people.join('\r\n')}\r\n`);
  const votes = names.map((name, i) => `"${i + 1}","${name}","A",70,"A:N",66.5,"A",72`);
  put(
    root,
    'processedResults/summaryTable.csv',
    `"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"\n${votes.join('\n')}\n`,
  );
}

/** By the corpus' name. */
export const miniatures: Readonly<Record<string, (root: string) => void>> = {
  'ck-plus': ckPlusMiniature,
  mmi: mmiMiniature,
  afew: afewMiniature,
  'oulu-casia': ouluMiniature,
  ravdess: ravdessMiniature,
  'crema-d': cremaMiniature,
};
