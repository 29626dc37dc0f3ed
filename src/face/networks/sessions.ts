/**
 * Networks built from their weights when first used, and kept in memory only: building the largest graph (22 MB of float32)
 * takes about 0.2 s, a cached file of it would save two thirds of that and could go stale.
 */
import { ModelError } from '../../errors.js';
import { createSession, type Session, type SessionOptions } from '../../network/runtime.js';
import { type FaceWeights, readWeights, type WeightSource } from './weights.js';

/** A network that can run, and what else its weights hold. */
export interface BuiltNetwork<Extra> {
  session: Session;
  extra: Extra;
}

/** How a network is built from its weights. */
export interface Recipe<Extra> {
  /** Name of its files, see `readWeights`. */
  name: string;
  /** The ONNX file, in memory that can be resized. */
  graph(weights: FaceWeights): Uint8Array<ArrayBuffer>;
  extra(weights: FaceWeights): Extra;
  /** What onnxruntime may rewrite, see `SessionOptions`; `all` where absent. */
  optimisation?: SessionOptions['optimisation'];
}

/** A network that is built by the first call of `get`; after a failure the next call tries again. */
export interface LazyNetwork<Extra> {
  /** Throws ModelError when the weights cannot be used, onnxruntime does not take the graph, or after `close`. */
  get(): Promise<BuiltNetwork<Extra>>;
  close(): Promise<void>;
}

export function lazyNetwork<Extra>(recipe: Recipe<Extra>, source: WeightSource, threads: number): LazyNetwork<Extra> {
  let building: Promise<BuiltNetwork<Extra>> | undefined;
  let closed = false;
  return {
    get() {
      if (closed) throw new ModelError('these face networks are closed; load them again');
      building ??= build(recipe, source, threads).catch((cause: unknown) => {
        building = undefined;
        throw cause;
      });
      return building;
    },
    async close() {
      closed = true;
      const network = await building?.catch(() => undefined);
      building = undefined;
      await network?.session.close();
    },
  };
}

async function build<Extra>(
  recipe: Recipe<Extra>,
  source: WeightSource,
  threads: number,
): Promise<BuiltNetwork<Extra>> {
  const { optimisation = 'all' } = recipe;
  const weights = await readWeights(recipe.name, source);
  const graph = recipe.graph(weights);
  const session = await createSession(graph, { threads, frugal: true, optimisation });
  // onnxruntime has its own copy now; these up to 22 MB would wait for the garbage collector.
  if (graph.buffer.resizable) graph.buffer.resize(0);
  return { session, extra: recipe.extra(weights) };
}
