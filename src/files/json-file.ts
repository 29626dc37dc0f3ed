/** Files that people write: JSON in which `//` comments are allowed, so that a choice can say its reason. */
import type { z } from 'zod';
import { ModelError } from '../errors.js';

/** Reads `text` by `schema`. Throws ModelError naming the file and the key that is wrong. */
export function parseJson<S extends z.ZodType>(text: string, name: string, schema: S): z.output<S> {
  let values: unknown;
  try {
    values = JSON.parse(withoutComments(text));
  } catch (error) {
    throw new ModelError(`${name} is no JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new ModelError(`${name}: ${issues.join('; ')}`);
}

/** Blanks `//` comments outside strings; positions stay, so that messages of the JSON parser point to the right place. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*/g, (part) =>
    part.startsWith('"') ? part : ' '.repeat(part.length),
  );
}
