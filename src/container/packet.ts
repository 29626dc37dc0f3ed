/** What a container gives, whichever container it is: one video track and its packets, in decoding order. */

/** The first video track of a file. */
export interface VideoTrack {
  /** `mp4`, `mov`, `3gp`, `mkv`, `webm`, `ts`, `flv`, `avi`, or a raw stream: `m4v` (MPEG-4 visual), `h263`, `h264`. */
  container: string;
  /** `mpeg4` (Part 2), `h263`, `flv1`, `h264`, or the container's own name for anything else. */
  codec: string;
  /** Size in pixels that the container claims; the bitstream's own headers decide. */
  width: number;
  height: number;
  /** Degrees, clockwise, by which the picture is to be turned for display: 0, 90, 180 or 270. */
  rotation: number;
  /** Decoder configuration outside the packets (MPEG-4: VOS/VO/VOL headers from `esds` or `strf`; H.264: avcC); empty if none. */
  config: Uint8Array;
  /** Frames per second if the container says so (AVI), else `undefined`. */
  frameRate: number | undefined;
}

/** A packet without its bytes. */
export interface PacketInfo {
  /** Position in decoding order, from 0. */
  index: number;
  /** Presentation time in seconds; `undefined` where the container has none (AVI, raw MPEG-4 and H.264). */
  timestamp: number | undefined;
  /** Key-frame flag of the container (raw streams and containers without flags: from the bitstream). */
  key: boolean;
  /** Bytes. */
  size: number;
}

export interface Packet extends PacketInfo {
  data: Uint8Array;
}

/** An opened file. Close it when done. */
export interface Container {
  readonly track: VideoTrack;
  /**
   * Every packet of the track without reading packet bytes, in decoding order. Read once and kept: about 40 bytes a packet.
   * What could be read before damage is returned, and `damage` says what was met.
   */
  table(): Promise<readonly PacketInfo[]>;
  /** Why the table ends early, if it does (a truncated file). */
  readonly damage: Error | undefined;
  /** The packet with its bytes. `data` is valid until the next call. Throws MalformedStreamError where the file ends inside it. */
  read(index: number): Promise<Packet>;
  close(): void;
}
