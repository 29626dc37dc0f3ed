/**
 * The face at its apex, grey, 48 x 48: what the complementary constraint draws. The annotated frame is decoded by ffmpeg,
 * since it may be any frame; no trained model sees it.
 */
import { join } from 'node:path';
import { facesOf } from '../dataset/faces.js';
import { MalformedStreamError } from '../errors.js';
import { decodedPictures } from '../ingest/decode.js';
import { type FaceBox, faceTrack } from '../residual/track.js';
import { openVideo } from '../video.js';
import type { FeatureSource } from './clip-features.js';
import { apexSize } from './losses/apex.js';

/** Reads apex faces; 48 x 48 values from 0 (black) to 1 (white), row by row. Describing needs ffmpeg. */
export function apexFaces(): FeatureSource {
  return {
    name: `apex face ${apexSize}, luma, box of faces.csv`,
    size: apexSize ** 2,
    async describe(row, dataset) {
      if (row.apexFrame === undefined) throw new MalformedStreamError(`${row.path} has no apex_frame`);
      const path = join(dataset.root, row.path);
      const video = await openVideo(path);
      const { width, height } = video;
      video.close();
      const faces = facesOf(dataset.faces, row);
      const box = faces ? faceTrack(faces, 'linear')(row.apexFrame) : { x: 0, y: 0, width, height };
      const luma = await decodeLuma(path, row.apexFrame, width, height);
      return shrink(luma, width, height, box);
    },
  };
}

/** Luma of one frame by its number, 8 bits a sample. */
async function decodeLuma(path: string, frame: number, width: number, height: number): Promise<Uint8Array> {
  let index = 0;
  for await (const [luma] of decodedPictures(path, { width, height, colour: 'luma' })) {
    if (index++ === frame) return luma!;
  }
  throw new MalformedStreamError(`${path}: frame ${frame} cannot be decoded: there are ${index}`);
}

/** The square around the box, averaged down (or repeated up) to 48 x 48; beyond the picture its edge goes on. */
function shrink(luma: Uint8Array, width: number, height: number, box: FaceBox): Float32Array {
  const side = Math.max(box.width, box.height);
  const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2];
  const within = (v: number, limit: number) => Math.min(limit - 1, Math.max(0, v));
  const taps = Math.max(1, Math.ceil(side / apexSize));
  return Float32Array.from({ length: apexSize ** 2 }, (_, i) => {
    const [u, v] = [i % apexSize, Math.floor(i / apexSize)];
    let sum = 0;
    for (let b = 0; b < taps; b++) {
      for (let a = 0; a < taps; a++) {
        const x = within(Math.floor(left + ((u + (a + 0.5) / taps) * side) / apexSize), width);
        const y = within(Math.floor(top + ((v + (b + 0.5) / taps) * side) / apexSize), height);
        sum += luma[y * width + x]!;
      }
    }
    return sum / taps ** 2 / 255;
  });
}
