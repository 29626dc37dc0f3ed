import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.js';

describe('base64', () => {
  it.each([0, 1, 2, 3, 0x8000, 100_001])('%i bytes are what Node makes of them, and come back', (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 167) & 255);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  it('refuses what is none', () => {
    expect(() => fromBase64('a%')).toThrow();
  });
});
