/** The model cards in `models/README.md` say what stands in the models' files. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { modelNamed, shippedModels } from '../../src/cli/models.js';
import { loadModel } from '../../src/network/model.js';
import { cardMarkdown } from '../../src/report/card-markdown.js';

const page = readFileSync(new URL('../../models/README.md', import.meta.url), 'utf8');

it.each(shippedModels)('%s', async (name) => {
  const model = await loadModel(modelNamed(name));
  const { card, hash, keyframes } = model;
  await model.close();
  const text = cardMarkdown({ name, card, hash, keyframes });
  expect(text).not.toMatch(/undefined|NaN/);
  expect(page, 'run vultus models --markdown and put its cards into models/README.md').toContain(text.trimEnd());
  expect(card.forbiddenUse).toContain('feels');
  expect(card.intendedUse).toContain('expression');
});
