/**
 * What a preparation has done so far: a line of JSON per clip, added when the clip is done, so that an interrupted run goes
 * on where it was. A line that was cut off is as if it were not there.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ModelError } from '../../errors.js';
import { writeWhole } from '../../files/write-whole.js';

const skipKinds = ['layout', 'damaged', 'duplicate', 'unlabelled', 'view', 'known-bad', 'other-take'] as const;
const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('clip'),
    /** Relative to the data set. */
    path: z.string(),
    sha256: z.string(),
    frames: z.number(),
    fps: z.number(),
    width: z.number(),
    height: z.number(),
    codec: z.string(),
    faces: z.array(
      z.object({ frame: z.number(), x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
    ),
    notes: z.array(z.string()),
  }),
  z.object({ kind: z.literal('skip'), skip: z.enum(skipKinds), reason: z.string() }),
]);
const lineSchema = z.object({
  clip: z.string(),
  settings: z.string(),
  stamp: z.string(),
  source: z.string(),
  outcome: outcomeSchema,
});

/** What became of a clip. */
export type Outcome = z.infer<typeof outcomeSchema>;
/** One clip's line: its name, the settings and sources that it was made from, and what became of it. */
export type StateLine = z.infer<typeof lineSchema>;

/** The file. */
export class PreparationState {
  readonly #path: string;
  readonly #lines: Map<string, StateLine>;

  private constructor(path: string, lines: Map<string, StateLine>) {
    this.#path = path;
    this.#lines = lines;
  }

  /**
   * Opens or begins it. Throws ModelError where it belongs to something else.
   * @param of what is prepared: the corpus and its variant
   */
  static async open(path: string, of: string): Promise<PreparationState> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const [head, ...rest] = text.split('\n');
    const lines = new Map<string, StateLine>();
    if (text !== '' && head !== JSON.stringify({ of })) {
      throw new ModelError(`${path} belongs to ${head?.slice(0, 80)}, not to ${of}: name another --out`);
    }
    for (const line of rest) {
      const parsed = lineSchema.safeParse(jsonOf(line));
      if (parsed.success) lines.set(parsed.data.clip, parsed.data);
    }
    // Written anew, without lines that were cut off or replaced.
    await writeWhole(
      path,
      [JSON.stringify({ of }), ...[...lines.values()].map((line) => JSON.stringify(line)), ''].join('\n'),
    );
    return new PreparationState(path, lines);
  }

  get(clip: string): StateLine | undefined {
    return this.#lines.get(clip);
  }

  async add(line: StateLine): Promise<void> {
    this.#lines.set(line.clip, line);
    await appendFile(this.#path, `${JSON.stringify(line)}\n`);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
