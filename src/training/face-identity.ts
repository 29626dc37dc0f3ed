/**
 * z_i by the pretrained face-recognition network: the descriptor of the face on the clip's first I-frame. Training only;
 * nothing of it is in a trained model. The network is loaded when the first clip is described.
 */
import { join } from 'node:path';
import type { Dataset } from '../dataset/dataset.js';
import { facesOf } from '../dataset/faces.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { MalformedStreamError } from '../errors.js';
import type { FaceNetworks } from '../face/networks/index.js';
import { faceTrack } from '../residual/track.js';
import { openVideo } from '../video.js';
import type { FeatureSource } from './clip-features.js';

/** Length of a descriptor. */
const descriptorSize = 128;

/** The describer, and what frees its networks. Describing throws ModelError when the weights' package is not installed. */
export function faceIdentity(threads: number): FeatureSource & { close(): Promise<void> } {
  let networks: Promise<FaceNetworks> | undefined;
  const load = async () => (await import('../face/networks/index.js')).loadFaceNetworks({ threads });
  return {
    name: 'face-api face_recognition_model, first I-frame',
    size: descriptorSize,
    async describe(row, dataset) {
      networks ??= load();
      return await describeFirst(await networks, readable(row, dataset), dataset);
    },
    async close() {
      await (await networks)?.close();
    },
  };
}

/** The row of the clip group whose I-frames need no further package to decode. */
function readable(row: DatasetClip, dataset: Dataset): DatasetClip {
  return dataset.clips.find(({ clip, codec }) => clip === row.clip && codec === 'mpeg4') ?? row;
}

async function describeFirst(networks: FaceNetworks, row: DatasetClip, dataset: Dataset): Promise<Float32Array> {
  const video = await openVideo(join(dataset.root, row.path));
  try {
    for await (const { picture, index } of video.keyFrames()) {
      if (!picture) continue;
      const known = facesOf(dataset.faces, row);
      const box = known ? faceTrack(known, 'linear')(index) : (await networks.detect(picture))[0];
      if (!box) continue;
      return await networks.describe(picture, box);
    }
  } finally {
    video.close();
  }
  throw new MalformedStreamError(`${row.path} has no I-frame on which a face can be seen`);
}
