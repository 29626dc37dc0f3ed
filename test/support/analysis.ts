/** A made-up analysis for tests of what is printed and drawn: a minute of curves with known peaks. No measurement. */
import type { ModelCard } from '../../src/network/card.js';
import type { AnalysisResult } from '../../src/timeline/result.js';
import { timeline } from '../../src/timeline/timeline.js';

const labels = ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise'];

export const card: ModelCard = {
  name: 'made-up',
  version: '0.0.1',
  labels,
  signal: { kind: 'summed', size: 64, frames: 8, margin: 1.2, residualGain: 0.05, motionGain: 0.5, window: 48 },
  network: { channels: [8], blocks: [1], stemStride: 2, temporal: 'mean', embedding: 16, dropout: 0 },
  normalisation: { kind: 'gain' },
  sampling: { training: 'jittered', use: 'even' },
  data: { name: 'none', sha256: '0'.repeat(64), folds: [], clips: 0 },
  licence: 'MIT',
  date: '2026-01-02',
  metrics: [{ split: 'nothing', n: 10, war: 0.5, uar: 0.4, macroF1: 0.3, byCondition: {}, byGroup: {} }],
  training: { seed: 1, epochs: 0, hyperparameters: {} },
  intendedUse: 'tests',
  forbiddenUse: 'anything else, <b>really</b>',
  notes: '',
};

const box = { x: 146, y: 118, width: 120, height: 120 };

/** Peaks: label, time in seconds, width in seconds. */
const peaks: [label: string, time: number, width: number][] = [
  ['happiness', 9, 3],
  ['surprise', 19, 1.6],
  ['happiness', 30, 4],
  ['sadness', 42, 3.5],
  ['anger', 51, 2],
];

export function madeUpResult(duration = 60): AnalysisResult {
  const windows = Array.from({ length: Math.round((duration - 1.6) / 0.2) + 1 }, (_, i) => {
    const start = i * 0.2;
    const time = start + 0.8;
    const logits = labels.map((label, c) =>
      peaks.reduce(
        (sum, [name, at, width]) => sum + (name === label ? 5.5 * Math.exp(-(((time - at) / width) ** 2)) : 0),
        (label === 'neutral' ? 2.6 : 0) + 0.5 * Math.sin(time * (1.3 + c) + c),
      ),
    );
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return {
      face: 0,
      start,
      end: start + 1.6,
      probabilities: logits.map((logit) => Math.exp(logit) / total),
      frame: Math.round(25 * time),
      frames: 37,
      energy: 1 + Math.sin(time) ** 2 + peaks.reduce((s, [, at]) => s + 2 * Math.exp(-((time - at + 1) ** 2)), 0),
      masked: 0.02,
      box,
      confidence: 0.9,
    };
  });
  return {
    container: 'mp4',
    codec: 'h264',
    width: 400,
    height: 300,
    duration,
    frames: duration * 25,
    predicted: Math.floor((duration * 25 * 11) / 12),
    parsed: Math.floor((duration * 25 * 11) / 12),
    damaged: 0,
    notices: ['H.264 is not read directly yet: converted to MPEG-4 Part 2 by ffmpeg version 5.1.6 first.'],
    converted: true,
    located: 'auto',
    model: { hash: 'ab'.repeat(32), card },
    window: 1.6,
    hop: 0.2,
    threshold: 0.5,
    smoothing: 0.25,
    labels,
    faces: [
      {
        face: 0,
        windows,
        ...timeline(windows, labels),
        track: [0, 20, 40].map((time) => ({ frame: 25 * time, time, box, confidence: 1 })),
        thumbnails: [0, 20, 40].map((time) => ({ time, width: 8, height: 8, rgb: new Uint8Array(192).fill(time * 4) })),
      },
    ],
  };
}
