/** Matroska and WebM (RFC 9559): finds the video track and opens it. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc } from '../bytes.js';
import { codecOfFourcc, isReadable } from '../codec.js';
import type { Container } from '../packet.js';
import type { ByteSource } from '../source.js';
import { TableContainer } from '../table-container.js';
import { readClusters } from './clusters.js';
import { contents, type Element, elementsIn, readFloat, readUint } from './ebml.js';
import { Id, type Track } from './track.js';

export async function openMatroska(source: ByteSource, limits: Limits): Promise<Container> {
  let docType = 'matroska';
  for await (const element of elementsIn(source, 0, source.size, 1, limits)) {
    if (element.id === Id.EBML) docType = await readDocType(source, element, limits);
    if (element.id === Id.Segment) return openSegment(source, element, docType, limits);
  }
  throw new MalformedStreamError('no Matroska segment: the file is cut short or damaged', { offset: source.size });
}

async function readDocType(source: ByteSource, ebml: Element, limits: Limits): Promise<string> {
  for await (const element of elementsIn(source, ebml.contentStart, ebml.end, 2, limits)) {
    if (element.id === Id.DocType) return text(await contents(source, element, limits));
  }
  return 'matroska';
}

async function openSegment(source: ByteSource, segment: Element, docType: string, limits: Limits): Promise<Container> {
  let nanoseconds = 1_000_000; // default of TimestampScale
  let tracks: Track[] | undefined;
  for await (const element of elementsIn(source, segment.contentStart, segment.end, 2, limits)) {
    if (element.id === Id.Info) {
      for await (const child of elementsIn(source, element.contentStart, element.end, 3, limits)) {
        if (child.id === Id.TimestampScale) nanoseconds = await readUint(source, child);
      }
    } else if (element.id === Id.Tracks) {
      tracks = await readTracks(source, element, limits);
    } else if (element.id === Id.Cluster) {
      break; // the headers come before the first (RFC 9559, 5.1, tracks "SHOULD" though): a stream may not
    }
  }
  if (!tracks) throw new MalformedStreamError('the Matroska file has no track headers', { offset: segment.start });
  const videos = tracks.filter((track) => track.type === 1);
  const described = videos.map((track) => ({ track, ...codecOf(track) }));
  const chosen = described.find(({ codec }) => isReadable(codec)) ?? described[0];
  if (!chosen) throw new UnsupportedStreamError('a file without a video track', 'give a file with moving pictures');
  const { track, codec, config } = chosen;
  if (track.encoding) throw new UnsupportedStreamError(track.encoding, 'rewrite the file with ffmpeg -c copy');
  const seconds = (nanoseconds / 1e9) * track.timestampScale;
  return new TableContainer({
    source,
    limits,
    track: {
      container: docType === 'webm' ? 'webm' : 'mkv',
      codec,
      width: track.width,
      height: track.height,
      rotation: track.rotation,
      config,
      frameRate: undefined,
    },
    loadTable: () => readClusters(source, segment, track, seconds, limits),
    ...(track.strippedHeader.length > 0 && {
      readBytes: async (table, index) => {
        const size = table.sizes[index]! - track.strippedHeader.length;
        const packet = new Uint8Array(table.sizes[index]!);
        packet.set(track.strippedHeader);
        packet.set(await source.read(table.offsets[index]!, size), track.strippedHeader.length);
        return packet;
      },
    }),
  });
}

/** CodecID and CodecPrivate (Matroska codec mappings). */
function codecOf({ codecId, codecPrivate }: Track): { codec: string; config: Uint8Array } {
  if (codecId.startsWith('V_MPEG4/ISO/AVC')) return { codec: 'h264', config: codecPrivate };
  if (codecId.startsWith('V_MPEG4/ISO/')) return { codec: 'mpeg4', config: codecPrivate }; // SP, ASP, AP
  if (codecId === 'V_MS/VFW/FOURCC') {
    // BITMAPINFOHEADER, then what the codec wants to say
    return { codec: codecOfFourcc(fourcc(codecPrivate, 16)), config: codecPrivate.slice(40) };
  }
  if (codecId === 'V_QUICKTIME') {
    // The sample entry: in old files without its size in front.
    const known = codecOfFourcc(fourcc(codecPrivate, 4));
    return { codec: isReadable(known) ? known : codecOfFourcc(fourcc(codecPrivate, 0)), config: new Uint8Array(0) };
  }
  return { codec: codecId, config: codecPrivate };
}

async function readTracks(source: ByteSource, tracks: Element, limits: Limits): Promise<Track[]> {
  const found: Track[] = [];
  for await (const element of elementsIn(source, tracks.contentStart, tracks.end, 3, limits)) {
    if (element.id !== Id.TrackEntry) continue;
    found.push(await readTrack(source, element, limits));
    checkLimit(limits, 'tracks', found.length);
  }
  return found;
}

async function readTrack(source: ByteSource, entry: Element, limits: Limits): Promise<Track> {
  const track: Track = {
    number: 0,
    type: 0,
    codecId: '',
    codecPrivate: new Uint8Array(0),
    width: 0,
    height: 0,
    rotation: 0,
    timestampScale: 1,
    strippedHeader: new Uint8Array(0),
    encoding: undefined,
  };
  for await (const element of elementsIn(source, entry.contentStart, entry.end, 4, limits)) {
    switch (element.id) {
      case Id.TrackNumber:
        track.number = await readUint(source, element);
        break;
      case Id.TrackType:
        track.type = await readUint(source, element);
        break;
      case Id.CodecID:
        track.codecId = text(await contents(source, element, limits));
        break;
      case Id.CodecPrivate:
        track.codecPrivate = (await contents(source, element, limits)).slice();
        break;
      case Id.TrackTimestampScale:
        track.timestampScale = (await readFloat(source, element)) || 1;
        break;
      case Id.Video:
        await readVideo(source, element, track, limits);
        break;
      case Id.ContentEncodings:
        for await (const encoding of elementsIn(source, element.contentStart, element.end, 5, limits)) {
          if (encoding.id === Id.ContentEncoding) await readEncoding(source, encoding, track, limits);
        }
        break;
    }
  }
  return track;
}

async function readVideo(source: ByteSource, video: Element, track: Track, limits: Limits): Promise<void> {
  for await (const element of elementsIn(source, video.contentStart, video.end, 5, limits)) {
    if (element.id === Id.PixelWidth) track.width = await readUint(source, element);
    if (element.id === Id.PixelHeight) track.height = await readUint(source, element);
    if (element.id !== Id.Projection) continue;
    for await (const child of elementsIn(source, element.contentStart, element.end, 6, limits)) {
      if (child.id !== Id.ProjectionPoseRoll) continue;
      const counterclockwise = await readFloat(source, child); // 5.1.4.1.28.46
      track.rotation = (((Math.round(-counterclockwise / 90) % 4) + 4) % 4) * 90 || 0;
    }
  }
}

/** ContentEncoding (5.1.4.1.31): header stripping, which mkvmerge once did unasked, is read; the others are not. */
async function readEncoding(source: ByteSource, encoding: Element, track: Track, limits: Limits): Promise<void> {
  for await (const element of elementsIn(source, encoding.contentStart, encoding.end, 6, limits)) {
    if (element.id === Id.ContentEncryption) track.encoding = 'an encrypted Matroska track';
    if (element.id !== Id.ContentCompression) continue;
    let algorithm = 0;
    let settings = new Uint8Array(0);
    for await (const child of elementsIn(source, element.contentStart, element.end, 7, limits)) {
      if (child.id === Id.ContentCompAlgo) algorithm = await readUint(source, child);
      if (child.id === Id.ContentCompSettings) settings = (await contents(source, child, limits)).slice();
    }
    if (algorithm === 3) track.strippedHeader = settings;
    else track.encoding = 'a Matroska track with compressed packets';
  }
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 64)).replace(/\0.*$/, '');
}
