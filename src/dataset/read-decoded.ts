/**
 * A video file to pictures on the crop grid, every P-frame decoded to pixels: the baselines that the compressed signals are
 * compared with. They stand for the same P-frames, in the same face boxes, as `readClip` reads.
 */
import { MalformedStreamError } from '../errors.js';
import { decodedPictures } from '../ingest/decode.js';
import { CropList, type CropPlanes, RESIDUAL_UNIT } from '../residual/planes.js';
import { openVideo } from '../video.js';
import { anchorsOf, trackOf } from './anchors.js';
import type { ReadClip, ReadClipOptions } from './read-clip.js';

export interface DecodedOptions {
  /** `pictures`: 0 to 255; `differences`: of luma, in units of RESIDUAL_UNIT. */
  what: 'pictures' | 'differences';
  colour: 'luma' | 'rgb';
}

/**
 * Reads one clip: for each P-frame what changed since the P-frame before it. Sums of changes are differences of pictures. What
 * the first one's change is counted from tells the two apart: from nothing (`pictures`: `sum(0, p + 1)` is the picture of
 * P-frame p), or from the picture before it (`differences`: `sum(from, to)` is how the stretch changed the picture).
 * Luma or red stands in the place of the residual, green and blue in those of motion x and y.
 *
 * Throws as `openVideo` and `decodedPictures` do, and MalformedStreamError where ffmpeg gives another number of pictures.
 */
export async function readDecoded(
  path: string,
  { cropper, faces, track: mode, signal }: Omit<ReadClipOptions, 'needed'>,
  { what, colour }: DecodedOptions,
): Promise<ReadClip> {
  const video = await openVideo(path);
  try {
    const { width, height } = video;
    const track = trackOf(video, faces, mode);
    const anchors = await anchorsOf(video);
    const predicted = new Map(
      anchors.filter(({ isKey }) => !isKey).map((anchor, p) => [anchor.index, { ...anchor, p }]),
    );
    const before = what === 'differences' ? anchors.find(({ isKey }) => !isKey)?.previous : undefined;
    const unit = what === 'differences' ? RESIDUAL_UNIT : 1;

    const sequence = new CropList(cropper.size);
    let last: CropPlanes | undefined;
    let index = 0;
    for await (const planes of decodedPictures(path, { width, height, colour, signal })) {
      const anchor = predicted.get(index);
      if (anchor || index === before) {
        const picture = cropper.cropPlanes(planes, width, height, index, track(index), unit);
        if (anchor?.afterKey) sequence.pushKey();
        if (anchor) sequence.push(changes(picture, what === 'differences' ? (last ?? picture) : last));
        last = picture;
      }
      index++;
    }
    if (index !== video.frameCount) {
      throw new MalformedStreamError(`${path}: ffmpeg gives ${index} pictures where there are ${video.frameCount}`);
    }
    return { sequence, parsed: sequence.count, damaged: 0 };
  } finally {
    video.close();
  }
}

function changes(picture: CropPlanes, before: CropPlanes | undefined): CropPlanes {
  if (!before) return picture;
  return {
    ...picture,
    residual: picture.residual.map((value, i) => value - before.residual[i]!),
    motion: picture.motion.map((value, i) => value - before.motion[i]!),
  };
}
