/**
 * The clips that a run trains on and chooses by, parsed or taken from the cache. Test clips do not come here. There is a
 * store for each fold and codec, so that runs over other folds, codecs or people of the same data share them.
 */
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import { facesOf } from '../dataset/faces.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { readerOf } from '../dataset/reader.js';
import { ModelError } from '../errors.js';
import { FrameCropper } from '../residual/crop.js';
import type { CropSequence } from '../residual/planes.js';
import { needsMask, type Signal } from '../residual/signal.js';
import { type ClipStore, openClipStore, type StoreDescription } from './clip-store.js';
import type { TrainOptions } from './options.js';
import { packageVersion } from './package-version.js';

/** Open stores. Sequences of one store share its buffers: use one at a time. */
export class ParsedClips {
  readonly #stores: readonly ClipStore[];
  readonly #byPath: ReadonlyMap<string, ClipStore>;

  constructor(stores: ReadonlyMap<ClipStore, readonly DatasetClip[]>) {
    this.#stores = [...stores.keys()];
    this.#byPath = new Map([...stores].flatMap(([store, rows]) => rows.map(({ path }) => [path, store] as const)));
  }

  /** The P-frames (`keyframes`: I-frames) of one file. */
  clip(path: string): CropSequence {
    const store = this.#byPath.get(path);
    if (!store) throw new RangeError(`${path} is in none of the stores`);
    return store.clip(path);
  }

  close(): void {
    for (const store of this.#stores) store.close();
  }
}

/**
 * The parsed planes of all clips of these folds and codecs, on a grid wide enough for the config's shifts. Throws
 * ModelError when a clip that is asked for has no P-frame.
 * @param clips whole folds of the config's codecs
 */
export async function openParsedClips(
  options: TrainOptions,
  dataset: Dataset,
  clips: readonly DatasetClip[],
): Promise<ParsedClips> {
  const { config, events } = options;
  const groups = new Map<string, DatasetClip[]>();
  for (const row of [...clips].sort((a, b) => a.line - b.line)) {
    const name = `${row.fold} ${row.codec}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  let before = 0;
  const stores = new Map<ClipStore, readonly DatasetClip[]>();
  const close = () => {
    for (const store of stores.keys()) store.close();
  };
  try {
    for (const rows of groups.values()) {
      const first = before;
      const progress = (done: number) => events?.work?.('parsing', first + done, clips.length);
      stores.set(await openStore(options, dataset, rows, progress), rows);
      before += rows.length;
    }
    const found = new ParsedClips(stores);
    const still = clips.filter((row) => found.clip(row.path).count === 0);
    if (still.length > 0) {
      const lacks = config.signal.kind === 'keyframes' ? 'I-frame' : 'P-frame';
      throw new ModelError(
        `${still[0]!.path} and ${still.length - 1} others have no ${lacks}: there is nothing to learn`,
      );
    }
    return found;
  } catch (error) {
    close();
    throw error;
  }
}

/** The store of these rows. */
async function openStore(
  { config, cache, events, signal }: TrainOptions,
  dataset: Dataset,
  rows: readonly DatasetClip[],
  progress: (done: number) => void,
): Promise<ClipStore> {
  const faces = new Map(rows.map((row) => [row.path, facesOf(dataset.faces, row)]));
  const crop = config.signal.size + 2 * config.augmentation.shift;
  const cropper = new FrameCropper(config.signal, crop);
  const read = readerOf(config.signal);
  return await openClipStore(
    cache,
    {
      data: dataset.hash,
      faces: dataset.facesHash,
      crop,
      size: config.signal.size,
      margin: config.signal.margin,
      track: 'linear',
      ...storedFrames(config.signal),
      ...(needsMask(config.signal) && { mask: true as const }),
      package: packageVersion(),
      paths: rows.map((row) => row.path),
    },
    {
      read: async (path) => {
        const clip = await read(join(dataset.root, path), {
          cropper,
          faces: faces.get(path),
          track: 'linear',
          signal,
        });
        if (clip.damaged > 0) events?.notice?.(`${path}: ${clip.damaged} damaged frames read as zero`);
        return clip.sequence;
      },
      onProgress: progress,
      ...(signal && { abort: signal }),
    },
  );
}

/** What a store of this signal holds other than what P-frames code; such stores are kept apart. */
function storedFrames({ kind, colour = 'rgb' }: Signal): Pick<StoreDescription, 'frames'> {
  if (kind === 'keyframes') return { frames: 'key' };
  if (kind === 'decoded') return { frames: `decoded ${colour}` };
  if (kind === 'decoded-difference') return { frames: 'decoded difference' };
  return {};
}
