/** The clips that a run trains on and chooses by, parsed or taken from the cache. Test clips do not come here. */
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { readClip, readKeyFrames } from '../dataset/read-clip.js';
import { ModelError } from '../errors.js';
import { FrameCropper } from '../residual/crop.js';
import { type ClipStore, openClipStore } from './clip-store.js';
import { packageVersion } from './package-version.js';
import type { TrainOptions } from './run.js';

/**
 * The parsed planes of these clips, on a grid wide enough for the config's shifts. Throws ModelError when a clip has no
 * P-frame.
 */
export async function openParsedClips(
  options: TrainOptions,
  dataset: Dataset,
  clips: readonly DatasetClip[],
): Promise<ClipStore> {
  const { config, events, signal } = options;
  const rows = [...clips].sort((a, b) => a.line - b.line);
  const faces = new Map(rows.map((row) => [row.path, dataset.faces.get(row.clip)]));
  const crop = config.signal.size + 2 * config.augmentation.shift;
  const cropper = new FrameCropper(config.signal, crop);
  const store = await openClipStore(
    options.cache,
    {
      data: dataset.hash,
      faces: dataset.facesHash,
      crop,
      size: config.signal.size,
      margin: config.signal.margin,
      track: 'linear',
      ...(config.signal.kind === 'keyframes' && { frames: 'key' as const }),
      package: packageVersion(),
      paths: rows.map((row) => row.path),
    },
    {
      read: async (path) => {
        const read = config.signal.kind === 'keyframes' ? readKeyFrames : readClip;
        const clip = await read(join(dataset.root, path), {
          cropper,
          faces: faces.get(path),
          track: 'linear',
          signal,
        });
        if (clip.damaged > 0) events?.notice?.(`${path}: ${clip.damaged} damaged frames read as zero`);
        return clip.sequence;
      },
      onProgress: (done, all) => events?.work?.('parsing', done, all),
      ...(signal && { abort: signal }),
    },
  );
  const still = rows.filter((row) => store.clip(row.path).count === 0);
  if (still.length > 0) {
    store.close();
    throw new ModelError(
      `${still[0]!.path} and ${still.length - 1} others have no ${config.signal.kind === 'keyframes' ? 'I-frame' : 'P-frame'}: there is nothing to learn`,
    );
  }
  return store;
}
