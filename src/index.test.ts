import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as api from './index.js';

describe('the public API', () => {
  it('is this and no more: a change here is a change for every user', () => {
    expect(Object.keys(api).sort()).toEqual([
      'LimitExceededError',
      'MacroblockType',
      'MalformedStreamError',
      'ModelError',
      'PredictionFlag',
      'UNCERTAIN',
      'UnsupportedStreamError',
      'analysisJson',
      'analyze',
      'copyFrame',
      'defaultLimits',
      'defaultModel',
      'descriptorDistance',
      'frameStatistics',
      'loadFaceNetworks',
      'loadModel',
      'openVideo',
      'renderBatch',
      'renderReport',
      'summariseVideo',
    ]);
  });

  it('every entry of the export map has its source', () => {
    const file = new URL('../package.json', import.meta.url);
    const { exports } = JSON.parse(readFileSync(file, 'utf8')) as { exports: Record<string, { default?: string }> };
    for (const [name, entry] of Object.entries(exports)) {
      if (!entry.default) continue;
      const source = entry.default.replace('./dist/', './').replace(/\.js$/, '.ts');
      expect(existsSync(new URL(source, import.meta.url)), `${name}: src/${source}`).toBe(true);
    }
  });
});
