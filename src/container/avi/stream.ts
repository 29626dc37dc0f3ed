/** What the headers of an AVI say about its video stream. */
import type { VideoTrack } from '../packet.js';
import type { Chunk } from './chunks.js';

/** The video stream of an AVI and where its packets are listed. */
export interface AviStream {
  track: VideoTrack;
  /** Position among the streams: the `01` of `01dc`. */
  number: number;
  /** OpenDML index in the stream's headers, if there is one. */
  indx: Chunk | undefined;
}
