/** z_e of parsed clips, as evaluation would show them. */
import type { DatasetClip } from '../dataset/manifest.js';
import type { EmbeddedClip } from '../evaluation/leakage.js';
import type { ExpressionModel } from '../network/model.js';
import { evenBatches } from './batches.js';
import type { ParsedClips } from './parsed-clips.js';

/** One for each row, in their order. */
export async function embedClips(
  rows: readonly DatasetClip[],
  store: ParsedClips,
  model: ExpressionModel,
): Promise<EmbeddedClip[]> {
  const { signal, normalisation } = model.card;
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const embedded: EmbeddedClip[] = [];
  const clips = rows.map(({ path }) => ({ path, label: 0 }));
  const sequence = (path: string) => store.clip(path);
  for (const { input, clips: part } of evenBatches({ clips, sequence, signal, normalisation, batch: 32 })) {
    const { embedding } = await model.predict(input, part.length);
    const size = embedding.length / part.length;
    part.forEach(({ path }, i) => {
      embedded.push({ ...byPath.get(path)!, embedding: embedding.slice(i * size, (i + 1) * size) });
    });
  }
  return embedded;
}
