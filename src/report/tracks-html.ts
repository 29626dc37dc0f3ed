/** Faces of a video to look at: its key frames with the boxes on them, and how sure each face was over time. One HTML file. */

import type { DecodedPicture } from '../bitstream/parser.js';
import { spentConfidence, type Track } from '../face/tracker.js';
import { toBase64 } from '../files/base64.js';
import { thumbnail } from '../timeline/thumbnail.js';
import { clock, escapeHtml as e } from './format.js';
import { encodePng } from './png.js';

/** A key frame as it is shown: shrunk, with the faces on it and those that were followed up to the picture before. */
export interface TrackPicture {
  time: number;
  frame: number;
  width: number;
  height: number;
  /** Size and samples of the shrunk picture. */
  small: { width: number; height: number; rgb: Uint8Array };
  faces: readonly Track[];
  arriving: readonly Track[];
}

/** Confidence of a face at a moment; the same array for all faces. */
export interface TrackMoment {
  time: number;
  faces: readonly { face: number; confidence: number }[];
}

export interface TracksPage {
  file: string;
  /** Seconds. */
  duration: number;
  pictures: readonly TrackPicture[];
  moments: readonly TrackMoment[];
  version: string;
}

/** Colours that can be told apart on pictures of faces. */
const colours = ['#00c2a8', '#ffb000', '#4ea5ff', '#ff5d8f', '#b388ff', '#9ccc3d', '#ff7a45', '#e0e0e0'];
const colourOf = (face: number) => colours[face % colours.length]!;

/** Longest side of a shown picture. */
const side = 320;

export function trackPicture(
  picture: DecodedPicture,
  at: { time: number; frame: number },
  faces: readonly Track[],
  arriving: readonly Track[],
): TrackPicture {
  const { width, height } = picture;
  const small = thumbnail(picture, { x: 0, y: 0, width, height }, at.time, side);
  return { ...at, width, height, small, faces, arriving };
}

export function tracksHtml({ file, duration, pictures, moments, version }: TracksPage): string {
  const faces = [...new Set(moments.flatMap((moment) => moment.faces.map(({ face }) => face)))].sort((a, b) => a - b);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Faces: ${e(file)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${e(file)}</h1>
<p>${faces.length === 0 ? 'No face was found.' : `${faces.length} ${faces.length === 1 ? 'face' : 'faces'} in ${clock(duration)}.`} Solid: located on the key frame. Dashed: where motion vectors had carried the box by the picture before.</p>
${faces.map((face) => lane(face, moments, duration)).join('\n')}
${faces.length === 0 ? '' : `<p class="key">Confidence of each face over time, 0 to 1. Below ${spentConfidence} (the line) a box may well be beside its face.</p>`}
<div class="pictures">
${pictures.map(figure).join('\n')}
</div>
</main>
<footer>Made by vultus ${e(version)}. Nothing in this file leaves your machine.</footer>
</body>
</html>
`;
}

function lane(face: number, moments: readonly TrackMoment[], duration: number): string {
  const wide = 1000;
  let path = '';
  let open = false;
  for (const { time, faces } of moments) {
    const found = faces.find((other) => other.face === face);
    if (found) {
      const x = ((wide * time) / duration).toFixed(1);
      path += `${open ? 'L' : 'M'}${x} ${(100 - 100 * found.confidence).toFixed(1)}`;
    }
    open = found !== undefined;
  }
  const limit = 100 - 100 * spentConfidence;
  return `<div class="lane"><b style="color:${colourOf(face)}">face ${face}</b><svg viewBox="0 0 ${wide} 100" preserveAspectRatio="none" role="img" aria-label="confidence of face ${face} over time"><path class="limit" d="M0 ${limit}H${wide}" vector-effect="non-scaling-stroke"/><path d="${path}" stroke="${colourOf(face)}" vector-effect="non-scaling-stroke"/></svg></div>`;
}

function figure({ time, frame, width, height, small, faces, arriving }: TrackPicture): string {
  const png = toBase64(encodePng(small.width, small.height, small.rgb));
  const box = ({ face, box }: Track, dashed: boolean) =>
    `<rect x="${box.x.toFixed(1)}" y="${box.y.toFixed(1)}" width="${box.width.toFixed(1)}" height="${box.height.toFixed(1)}" stroke="${colourOf(face)}"${dashed ? ' class="dashed"' : ''} vector-effect="non-scaling-stroke"/>`;
  const name = ({ face, box }: Track) =>
    `<text x="${box.x.toFixed(1)}" y="${Math.max(height / 20, box.y - height / 100).toFixed(1)}" font-size="${(height / 16).toFixed(1)}" fill="${colourOf(face)}">${face}</text>`;
  return `<figure><div><img alt="Key frame at ${clock(time)}" width="${small.width}" height="${small.height}" src="data:image/png;base64,${png}"><svg viewBox="0 0 ${width} ${height}" aria-hidden="true">${arriving.map((track) => box(track, true)).join('')}${faces.map((track) => box(track, false) + name(track)).join('')}</svg></div><figcaption>${clock(time)}, frame ${frame}: ${faces.length} ${faces.length === 1 ? 'face' : 'faces'}</figcaption></figure>`;
}

const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0;padding:1.5rem;background:Canvas;color:CanvasText}main{max-width:70rem;margin:auto}
h1{font-size:1.6rem;margin:0 0 .25rem;overflow-wrap:anywhere}.key,footer,figcaption{font-size:.85rem;opacity:.75}
.lane{display:grid;grid-template-columns:5rem 1fr;align-items:center;margin:.3rem 0}.lane svg{width:100%;height:2.2rem;background:#8882;border-radius:.3rem}
.lane path{fill:none;stroke-width:2}.lane .limit{stroke:#888;stroke-dasharray:4 4;stroke-width:1}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}
figure{margin:0}figure div{position:relative}img{display:block;width:100%;height:auto;border-radius:.4rem}
figure svg{position:absolute;inset:0;width:100%;height:100%}rect{fill:none;stroke-width:2}.dashed{stroke-dasharray:5 4;stroke-width:1.5}
text{font-weight:700;paint-order:stroke;stroke:#000a;stroke-width:.15em}footer{max-width:70rem;margin:2rem auto 0}`;
