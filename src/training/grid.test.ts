/** The configs and grids that ship are valid. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTrainingConfig } from './config.js';
import { readGrid } from './grid.js';

const folder = new URL('../../configs/', import.meta.url).pathname;

describe('the files in configs/', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('%s', (name) => {
    expect(parseTrainingConfig(readFileSync(folder + name, 'utf8'), name).epochs).toBeGreaterThan(0);
  });
  it.each(readdirSync(`${folder}grids`))('grids/%s', async (name) => {
    const grid = await readGrid(`${folder}grids/${name}`);
    expect(grid.cells.length).toBeGreaterThan(1);
    // What the cells say they change, they change.
    expect(
      new Set(grid.cells.map(({ config, protocol }) => JSON.stringify([{ ...config, name: '' }, protocol]))).size,
    ).toBe(grid.cells.length);
  });
});
