/** How the clips of a data set are read for a signal: the one place that training and evaluation ask. */
import type { Signal } from '../residual/signal.js';
import { type ReadClip, type ReadClipOptions, readClip, readKeyFrames } from './read-clip.js';
import { readDecoded } from './read-decoded.js';

/** Reads the file of a clip. */
export type ClipReader = (path: string, options: ReadClipOptions) => Promise<ReadClip>;

export function readerOf({ kind, colour = 'rgb' }: Pick<Signal, 'kind' | 'colour'>): ClipReader {
  switch (kind) {
    case 'keyframes':
      return readKeyFrames;
    case 'decoded':
      return (path, options) => readDecoded(path, options, { what: 'pictures', colour });
    case 'decoded-difference':
      return (path, options) => readDecoded(path, options, { what: 'differences', colour: 'luma' });
    default:
      return readClip;
  }
}
