/** What the losses beside the cross-entropy read of each clip: z_i, and the face at its apex. */
import type { Dataset } from '../dataset/dataset.js';
import type { DatasetClip } from '../dataset/manifest.js';
import { ModelError } from '../errors.js';
import type { Showing } from './batches.js';
import { type FeatureSource, openFeatures, standardise } from './clip-features.js';
import { apexSize } from './losses/apex.js';
import type { TrainOptions } from './options.js';
import type { SideBatch } from './trainer.js';

/** z_i and apex faces of the training clips, by path. */
export class SideInputs {
  /** d, the length of z_i. */
  readonly identitySize: number;
  readonly #identities: ReadonlyMap<string, Float32Array>;
  readonly #apex: ReadonlyMap<string, Float32Array> | undefined;

  /** @param identities standardised z_i by path. @param apex faces by path, if the constraint is on. */
  constructor(
    identitySize: number,
    identities: ReadonlyMap<string, Float32Array>,
    apex: ReadonlyMap<string, Float32Array> | undefined,
  ) {
    this.identitySize = identitySize;
    this.#identities = identities;
    this.#apex = apex;
  }

  /** The rows of a batch, in its order; a mirrored clip has a mirrored face. */
  batch(shown: readonly Showing[]): SideBatch {
    const d = this.identitySize;
    const identity = new Float32Array(shown.length * d);
    shown.forEach(({ path }, i) => {
      identity.set(this.#identities.get(path)!, i * d);
    });
    if (!this.#apex) return { identity };
    const area = apexSize ** 2;
    const apex = new Float32Array(shown.length * area);
    const apexWeights = new Float32Array(shown.length);
    for (const [i, { path, flip }] of shown.entries()) {
      const face = this.#apex.get(path);
      if (!face) continue;
      apexWeights[i] = 1;
      for (let p = 0; p < area; p++) {
        const x = p % apexSize;
        apex[i * area + p] = face[flip ? p - x + apexSize - 1 - x : p]!;
      }
    }
    return { identity, apex, apexWeights };
  }
}

/** Whether a config's losses read anything but clips and labels. */
export function needsSideInputs({ regulariser, apex }: TrainOptions['config']): boolean {
  return (regulariser !== undefined && regulariser.kind !== 'none') || apex !== undefined;
}

/**
 * The side inputs that the config needs, and the training clips that have them: a clip without z_i cannot take part, and
 * is left out with a notice. Throws ModelError when a source is missing or describes nothing.
 */
export async function openSideInputs(
  options: TrainOptions,
  dataset: Dataset,
  train: readonly DatasetClip[],
): Promise<{ side: SideInputs | undefined; train: DatasetClip[] }> {
  const { config, events } = options;
  if (!needsSideInputs(config)) return { side: undefined, train: [...train] };
  const { features, failures } = await open(options, dataset, train, options.identity, 'identity');
  const usable = train.filter(({ clip }) => features.has(clip));
  if (failures.size > 0) {
    const [clip, why] = failures.entries().next().value!;
    events?.notice?.(`${failures.size} training clips have no identity feature and are left out (${clip}: ${why})`);
  }
  const byGroup = standardise(features, usable);
  const byPath = new Map(usable.map(({ path, clip }) => [path, byGroup.get(clip)!]));
  const faces = config.apex && (await openFaces(options, dataset, usable));
  return { side: new SideInputs(options.identity!.size, byPath, faces), train: usable };
}

async function openFaces(
  options: TrainOptions,
  dataset: Dataset,
  train: readonly DatasetClip[],
): Promise<Map<string, Float32Array>> {
  const annotated = train.filter(({ apexFrame }) => apexFrame !== undefined);
  if (annotated.length === 0) throw new ModelError('no training clip has an apex_frame: leave out "apex"');
  if (options.apex && options.apex.size !== apexSize ** 2) {
    throw new ModelError(`an apex face has ${apexSize ** 2} values, ${options.apex.name} gives ${options.apex.size}`);
  }
  const { features, failures } = await open(options, dataset, annotated, options.apex, 'apex face');
  if (failures.size > 0) options.events?.notice?.(`${failures.size} apex faces cannot be read and take no part`);
  return new Map(
    annotated.flatMap(({ path, clip }) => {
      const face = features.get(clip);
      return face ? [[path, face] as const] : [];
    }),
  );
}

async function open(
  { cache, events, signal }: TrainOptions,
  dataset: Dataset,
  rows: readonly DatasetClip[],
  source: FeatureSource | undefined,
  what: string,
) {
  if (!source) throw new ModelError(`this config needs an ${what} of each clip, and nothing here can compute it`);
  const found = await openFeatures(cache, dataset, rows, source, {
    onProgress: (done, all) => events?.work?.('describing', done, all),
    abort: signal,
  });
  if (found.features.size === 0) {
    const [clip, why] = found.failures.entries().next().value!;
    throw new ModelError(`no training clip has an ${what} (${clip}: ${why})`);
  }
  return found;
}
