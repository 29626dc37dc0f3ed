/**
 * Checkpoints: every vector of some parameter groups, by name, as safetensors: `<group>/<slot>/<parameter>`. What else a
 * run must remember goes into the file's metadata.
 */
import { ModelError } from '../errors.js';
import { readSafetensors, type WeightArray, writeSafetensors } from '../network/weights.js';
import { type ParameterGroup, slots } from './group.js';

const format = 'vultus-checkpoint-1';

/** The file of `groups`, `metadata`, and further arrays, whose names must not begin with a group's. */
export function writeCheckpoint(
  groups: readonly ParameterGroup[],
  metadata: Readonly<Record<string, string>>,
  further: ReadonlyMap<string, WeightArray> = new Map(),
): Uint8Array {
  const arrays = new Map<string, WeightArray>(further);
  for (const group of groups) {
    for (const slot of slots) {
      for (const { spec, data } of group.parts(slot)) {
        arrays.set(`${group.name}/${slot}/${spec.name}`, { shape: spec.shape, data });
      }
    }
  }
  return writeSafetensors(arrays, { ...metadata, format });
}

/** A checkpoint that has been read, not yet put in place. */
export interface Checkpoint {
  metadata: Record<string, string>;
  /** The arrays whose names begin with `prefix`. */
  further(prefix: string): Map<string, WeightArray>;
  /**
   * Copies the vectors into the groups; throws ModelError, changing nothing, where names or shapes are not theirs, or where
   * there are arrays that are neither theirs nor named with `prefix`.
   */
  restore(groups: readonly ParameterGroup[], prefix?: string): void;
}

/** Reads a checkpoint's bytes. Throws ModelError. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const { weights, metadata } = readSafetensors(bytes);
  if (metadata.format !== format) throw new ModelError('not a checkpoint of vultus');
  return {
    metadata,
    further: (prefix) => new Map([...weights].filter(([name]) => name.startsWith(prefix))),
    restore(groups, prefix) {
      const copies: (() => void)[] = [];
      for (const group of groups) {
        for (const slot of slots) {
          for (const { spec, data } of group.parts(slot)) {
            const name = `${group.name}/${slot}/${spec.name}`;
            const found = weights.get(name);
            if (!found) throw new ModelError(`checkpoint: ${name} is missing`);
            if (found.shape.join() !== spec.shape.join()) {
              throw new ModelError(`checkpoint: ${name} is [${found.shape}], the network wants [${spec.shape}]`);
            }
            copies.push(() => data.set(found.data));
          }
        }
      }
      const others = prefix === undefined ? 0 : [...weights.keys()].filter((name) => name.startsWith(prefix)).length;
      if (copies.length + others !== weights.size)
        throw new ModelError('checkpoint: it holds more than the network has');
      for (const copy of copies) copy();
    },
  };
}
