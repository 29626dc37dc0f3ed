/**
 * Built networks, shared: whoever asks for the same network from the same weights with the same threads gets the same
 * session, built when first asked for and released with its last user.
 *
 * They are kept in memory only. Building the largest graph from its 6 MB of quantised weights takes less time than
 * onnxruntime needs to load it, so a file of the 22 MB that it unpacks to would save little and go stale.
 */

import { createSession, type Session } from '../../network/runtime.js';
import type { WeightSet } from '../../network/weights.js';
import { installedWeights } from './installed-weights.js';
import { readWeights, type WeightSource } from './weights.js';

/** A network that can run, and what else its weights hold. */
export interface BuiltNetwork<Extra> {
  session: Session;
  extra: Extra;
}

/** How a network is built from its weights. */
export interface Recipe<Extra> {
  /** Name of its files, see `readWeights`. */
  name: string;
  graph(weights: WeightSet): Uint8Array;
  extra(weights: WeightSet): Extra;
}

interface Entry {
  users: number;
  built: Promise<BuiltNetwork<unknown>>;
}

/** By weights, then by network and threads. */
const shared = new Map<WeightSource, Map<string, Entry>>();
let installed: Promise<WeightSource> | undefined;

/** The weights that npm installed: the same source every time. */
export function defaultWeights(): Promise<WeightSource> {
  installed ??= installedWeights().catch((cause) => {
    installed = undefined;
    throw cause;
  });
  return installed;
}

/**
 * The network, built if nobody has it. Call `release` once when done. Throws ModelError when the weights cannot be used or
 * onnxruntime does not take the graph; the next call then tries again.
 */
export async function acquire<Extra>(
  recipe: Recipe<Extra>,
  source: WeightSource,
  threads: number,
): Promise<BuiltNetwork<Extra> & { release(): Promise<void> }> {
  const key = `${recipe.name} ${threads}`;
  const entries = shared.get(source) ?? new Map<string, Entry>();
  shared.set(source, entries);
  const entry = entries.get(key) ?? { users: 0, built: build(recipe, source, threads) };
  entries.set(key, entry);
  entry.users++;
  const release = async () => {
    if (--entry.users > 0) return;
    if (entries.get(key) === entry) entries.delete(key);
    if (entries.size === 0) shared.delete(source);
    await (await entry.built).session.close();
  };
  try {
    return { ...((await entry.built) as BuiltNetwork<Extra>), release };
  } catch (cause) {
    if (entries.get(key) === entry) entries.delete(key);
    if (entries.size === 0) shared.delete(source);
    throw cause;
  }
}

async function build<Extra>(
  recipe: Recipe<Extra>,
  source: WeightSource,
  threads: number,
): Promise<BuiltNetwork<Extra>> {
  const weights = await readWeights(recipe.name, source);
  return { session: await createSession(recipe.graph(weights), { threads }), extra: recipe.extra(weights) };
}
