import { describe, expect, it } from 'vitest';
import { phasesOf } from './mmi-phases.js';

const unit = (number: string, ...markers: [frame: number, type: number][]) =>
  `<ActionUnit Number="${number}">${markers.map(([f, t]) => `<Marker Frame="${f}" Type="${t}"/>`).join('')}</ActionUnit>`;
const file = (...units: string[]) => `<?xml version="1.0"?><AU_OAO_Annotation>${units.join('')}</AU_OAO_Annotation>`;

describe('phasesOf', () => {
  it('takes one action unit as it is, frames from 0', () => {
    // At its apex from frame 20 to 29, counted from 0.
    expect(phasesOf(file(unit('12', [1, 0], [11, 1], [21, 2], [31, 3], [41, 0])))).toEqual({
      ...{ onset: 10, apex: 24, offset: 40 },
    });
  });
  it('takes the stretch where most action units are at their apex', () => {
    const text = file(
      unit('6', [1, 0], [5, 1], [10, 2], [40, 3], [50, 0]),
      unit('12', [1, 0], [8, 1], [30, 2], [41, 3], [55, 0]),
      unit('45', [1, 0], [2, 1], [3, 2], [100, 3], [110, 0]),
    );
    // Both from 29 to 38; the blink does not count.
    expect(phasesOf(text)).toEqual({ onset: 4, apex: 33, offset: 54 });
  });
  it('leaves out what is not annotated, and markers that are none', () => {
    expect(phasesOf(file(unit('12', [1, 0], [7, 2])))).toEqual({ apex: 6 });
    expect(phasesOf(file(unit('12', [1, 0], [7, 1])))).toEqual({});
    expect(phasesOf(file(unit('12', [0, 2], [1e9, 2], [Number.NaN, 2], [4, 7])))).toEqual({});
    expect(phasesOf('not xml <')).toEqual({});
    expect(phasesOf('<Marker Frame="3" Type="2"/>')).toEqual({});
  });
});
