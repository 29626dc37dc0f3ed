import { describe, expect, it } from 'vitest';
import { LimitExceededError, MalformedStreamError } from '../errors.js';
import { describe as describeError, errorObject } from './failure.js';
import { parseFrames, parseRegion, parseSeconds, parseShare } from './options.js';
import { oneLine } from './output.js';

describe('option values', () => {
  it('merges frame ranges', () => {
    expect(parseFrames('all')).toBe('all');
    expect(parseFrames('7, 3-5,4-6,20')).toEqual([
      { first: 3, last: 7 },
      { first: 20, last: 20 },
    ]);
    for (const bad of ['', '1-', '-1', 'a', '5-3', '1,,2', '1.5']) expect(() => parseFrames(bad)).toThrow();
  });

  it('reads regions and numbers strictly', () => {
    expect(parseRegion('1, 2,30,40')).toEqual({ x: 1, y: 2, width: 30, height: 40 });
    for (const bad of ['1,2,3', '1,2,0,4', '-1,2,3,4', '1,2,3,4,5', '1.5,2,3,4'])
      expect(() => parseRegion(bad)).toThrow();
    expect([parseSeconds('.5'), parseSeconds('2'), parseShare('0')]).toEqual([0.5, 2, 0]);
    for (const bad of ['0', '-1', 'NaN', 'Infinity', '1e9', '']) expect(() => parseSeconds(bad)).toThrow();
    for (const bad of ['1.1', '-0.1', 'x']) expect(() => parseShare(bad)).toThrow();
  });
});

describe('errors', () => {
  it('are one line without control characters', () => {
    expect(oneLine('a\n\x1b[31mb\u2028c')).toBe('a [31mb c');
    expect(describeError(new MalformedStreamError('cut\nshort', { offset: 7 }))).toBe('cut short (at byte 7)');
    expect(describeError(new TypeError('x is not a function'))).toMatch(
      /^internal error: x is not a function; .*report/,
    );
    expect(describeError(Object.assign(new Error('x'), { code: 'ENOENT', path: 'a.mp4' }))).toBe(
      'a.mp4: no such file; check the path',
    );
  });

  it('carry what a program needs', () => {
    expect(errorObject(new LimitExceededError('pixels', 9, 4))).toEqual({
      name: 'LimitExceededError',
      message: expect.stringContaining('limit pixels'),
      limit: 'pixels',
    });
  });
});
