/** The elements of Matroska (RFC 9559) that vultus reads, and what it keeps of a track's headers. */

/** Element ids, with their length markers (RFC 9559, 5.1). */
export const Id = {
  EBML: 0x1a45dfa3,
  DocType: 0x4282,
  Segment: 0x18538067,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackType: 0x83,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  TrackTimestampScale: 0x23314f,
  Video: 0xe0,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  Projection: 0x7670,
  ProjectionPoseRoll: 0x7675,
  ContentEncodings: 0x6d80,
  ContentEncoding: 0x6240,
  ContentCompression: 0x5034,
  ContentCompAlgo: 0x4254,
  ContentCompSettings: 0x4255,
  ContentEncryption: 0x5035,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
  ReferenceBlock: 0xfb,
  SeekHead: 0x114d9b74,
  Cues: 0x1c53bb6b,
  Chapters: 0x1043a770,
  Tags: 0x1254c367,
  Attachments: 0x1941a469,
} as const;

/** A video track, as its TrackEntry describes it. */
export interface Track {
  number: number;
  type: number;
  codecId: string;
  codecPrivate: Uint8Array;
  width: number;
  height: number;
  rotation: number;
  timestampScale: number;
  /** Bytes that were taken off the front of every packet (ContentCompAlgo 3, Header Stripping). */
  strippedHeader: Uint8Array;
  /** An encoding that is not read. */
  encoding: string | undefined;
}
