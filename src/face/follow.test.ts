/** The follower on motion fields whose truth is known. */
import { describe, expect, it } from 'vitest';
import { type Field, fieldFrame } from '../../test/support/motion-field.js';
import type { FaceBox } from '../residual/track.js';
import { BoxFollower } from './follow.js';
import { intersectionOverUnion } from './networks/boxes.js';

const start: FaceBox = { x: 200, y: 120, width: 120, height: 140 };
const inside = (box: FaceBox, x: number, y: number) =>
  x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;

/** The face moves by (dx, dy) and grows by `zoom` a picture; the background moves by `behind`. */
function mover(dx: number, dy: number, zoom = 1, behind = 0) {
  let box = start;
  return {
    get box() {
      return box;
    },
    /** Steps on; the field of the picture. */
    step(): Field {
      const before = box;
      const [cx, cy] = [before.x + before.width / 2, before.y + before.height / 2];
      const [width, height] = [before.width * zoom, before.height * zoom];
      box = { x: cx + dx - width / 2, y: cy + dy - height / 2, width, height };
      const now = box;
      return (x, y) =>
        inside(now, x, y) ? { x: cx + (x - cx - dx) / zoom, y: cy + (y - cy - dy) / zoom } : { x: x - behind, y };
    },
  };
}

type Motion = [name: string, make: () => ReturnType<typeof mover>, least: number];

describe('BoxFollower', () => {
  const motions: Motion[] = [
    ['a face that shifts', () => mover(3, -1.5), 0.95],
    ['a face that comes nearer', () => mover(0, 0, 1.01), 0.9],
    ['a face that goes away, to the side', () => mover(1.5, 0.5, 0.99), 0.88],
    ['a still face before a panning background', () => mover(0, 0, 1, 6), 0.97],
  ];
  for (const grid of [{ cell: 8, unit: 2 } as const, { cell: 4, unit: 4 } as const]) {
    it.each(motions)(`keeps to %s over 24 pictures (cells of ${grid.cell}, 1/${grid.unit} pixel)`, (_, make, least) => {
      const truth = make();
      const follower = new BoxFollower(start);
      for (let i = 0; i < 24; i++) {
        expect(follower.follow(fieldFrame(truth.step(), grid)).evidence).toBeGreaterThan(0.4);
      }
      expect(intersectionOverUnion(follower.box, truth.box)).toBeGreaterThan(least);
    });
  }

  it('is not pulled along by a hand before a third of the face', () => {
    const follower = new BoxFollower(start);
    const hand: FaceBox = { x: start.x, y: start.y + 90, width: start.width, height: 50 };
    const step = follower.follow(fieldFrame((x, y) => (inside(hand, x, y) ? { x: x - 12, y: y + 9 } : { x, y })));
    expect(intersectionOverUnion(follower.box, start)).toBeGreaterThan(0.95);
    expect(step.evidence).toBeLessThan(0.85);
  });

  it('takes no wild vectors for motion', () => {
    // A linear congruential generator: noise that is the same on every machine.
    let seed = 1;
    const noise = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 31 - 1;
    };
    const follower = new BoxFollower(start);
    follower.follow(
      fieldFrame((x, y) => (noise() > 0.3 ? { x: x + 30 * noise(), y: y + 30 * noise() } : { x: x - 4, y: y - 2 })),
    );
    expect(intersectionOverUnion(follower.box, { ...start, x: start.x + 4, y: start.y + 2 })).toBeGreaterThan(0.93);
  });

  it('stays where it was without evidence, and says so', () => {
    const follower = new BoxFollower(start);
    expect(follower.follow(fieldFrame(() => undefined))).toEqual({ evidence: 0, spread: 0 });
    expect(follower.box).toEqual(start);
    const still = { ...fieldFrame(() => undefined), coded: false };
    expect(follower.follow(still).evidence).toBe(1);
  });

  it('reads a vector against the picture that it points to', () => {
    // Picture t stands 3t pixels to the right; every block refers to the picture three back, as far as there is one.
    const follower = new BoxFollower(start);
    for (let t = 1; t <= 9; t++) {
      const back = Math.min(t, 3);
      const field: Field = (x, y) => ({ x: x - 3 * back, y, order: 2 * (t - back) });
      const frame = fieldFrame(field, { cell: 4, unit: 4, pictureOrder: 2 * t });
      expect(follower.follow(frame).evidence).toBeGreaterThan(0.6);
    }
    expect(follower.box.x).toBeCloseTo(start.x + 27, 0);
    expect(follower.box.width).toBeCloseTo(start.width, 0);
  });

  it('takes an unknown reference for the I-picture soon after it, and for no evidence later', () => {
    const follower = new BoxFollower(start);
    const field: Field = (x, y) => ({ x: x - 9, y, order: 77 });
    const step = (pictureOrder: number) =>
      follower.follow(fieldFrame(field, { cell: 4, unit: 4, pictureOrder })).evidence;
    expect(step(2)).toBeGreaterThan(0.9);
    expect(follower.box.x).toBeCloseTo(start.x + 9, 0);
    for (let t = 2; t <= 4; t++) step(2 * t);
    const { box } = follower;
    expect(step(10)).toBe(0);
    expect(follower.box).toEqual(box);
  });

  it('follows a face of 40 pixels, and one in a picture of 4K, both in no more than a moment', () => {
    for (const [width, height, side] of [
      [320, 240, 40],
      [3840, 2160, 60],
      [3840, 2160, 1500],
    ] as const) {
      const box = { x: 60, y: 60, width: side, height: side };
      const follower = new BoxFollower(box);
      const frame = fieldFrame((x, y) => ({ x: x - 1, y: y - 0.5 }), { width, height });
      const before = performance.now();
      for (let i = 0; i < 20; i++) follower.follow(frame);
      expect(performance.now() - before).toBeLessThan(400);
      const truth = { ...box, x: box.x + 20, y: box.y + 10 };
      expect(intersectionOverUnion(follower.box, truth)).toBeGreaterThan(0.9);
    }
  });
});
