/**
 * Published figures that a reproduction is set beside. They stand in a data file, `configs/published/figures.json`, each with
 * its citation, its protocol, how that differs from ours, and where the figure was read.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseJson } from '../../files/json-file.js';

const text = z.string().min(3);
const figureSchema = z.strictObject({
  corpus: text,
  /** Variants of the corpus that it speaks of. */
  variants: z.array(z.string().min(1)).min(1),
  method: text,
  /** Accuracy in percent. */
  accuracy: z.number().min(0).max(100),
  /** What the method sees. */
  input: text,
  citation: z.string().min(20),
  /** The protocol in the source's words, as far as it says. */
  protocol: text,
  /** How the protocol or the input differs from ours; left out: not that we know. */
  differs: text.optional(),
  /** Where the figure was read. */
  seen: z.string().min(8),
});
const fileSchema = z.strictObject({ figures: z.array(figureSchema).min(1) });

/** One figure of one paper on one corpus. */
export type PublishedFigure = z.output<typeof figureSchema>;

/** All of them. Throws ModelError naming the key that is wrong. */
export function publishedFigures(): readonly PublishedFigure[] {
  const file = new URL('../../../configs/published/figures.json', import.meta.url);
  return parseJson(readFileSync(file, 'utf8'), 'configs/published/figures.json', fileSchema).figures;
}
