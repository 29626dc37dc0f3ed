/** The card inside a model file. */
import { ModelError } from '../errors.js';
import { readOnnxMetadata } from '../graph/index.js';
import { type ModelCard, modelCardSchema } from './card.js';

/** What a model file says of itself. */
export function metadataOf(card: ModelCard): Record<string, string> {
  const checked = checkCard(card);
  return {
    'vultus.card': JSON.stringify(checked),
    'vultus.name': checked.name,
    'vultus.version': checked.version,
    'vultus.labels': checked.labels.join(','),
    'vultus.signal': checked.signal.kind,
    'vultus.licence': checked.licence,
  };
}

/** The card inside a model file's bytes. Throws ModelError. */
export function readCard(bytes: Uint8Array): ModelCard {
  const text = readOnnxMetadata(bytes)['vultus.card'];
  if (text === undefined)
    throw new ModelError('this ONNX file holds no vultus model card; train one with `vultus train`');
  let card: unknown;
  try {
    card = JSON.parse(text);
  } catch (cause) {
    throw new ModelError('the model card is no JSON', { cause });
  }
  return checkCard(card);
}

/** The card as the schema wants it. Throws ModelError. */
export function checkCard(card: unknown): ModelCard {
  const result = modelCardSchema.safeParse(card);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ModelError(`the model card is not valid: ${issue?.path.join('.') || 'card'}: ${issue?.message}`);
}
