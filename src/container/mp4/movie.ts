/** MP4, MOV and 3GP (ISO/IEC 14496-12, QuickTime): finds the video track of the movie and opens it. */
import { MalformedStreamError, UnsupportedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { fourcc, int64, printable, viewOf } from '../bytes.js';
import { isReadable } from '../codec.js';
import type { Container } from '../packet.js';
import type { ByteSource } from '../source.js';
import { TableContainer } from '../table-container.js';
import { type Box, boxesIn, readBox } from './boxes.js';
import { readFragments, type TrackDefaults } from './fragments.js';
import { readHandler, readSampleDescription, type SampleDescription } from './sample-description.js';
import { type Clock, readSampleTable, type SampleTableBoxes } from './sample-table.js';

interface Track {
  id: number;
  handler: string;
  rotation: number;
  clock: Clock;
  description: SampleDescription | undefined;
  sampleTable: SampleTableBoxes;
}

interface Movie {
  timescale: number;
  tracks: Track[];
  /** Defaults of TrackExtendsBox `trex` by track: there are movie fragments. */
  extends: Map<number, TrackDefaults>;
}

/** Opens the first video track whose codec is readable, or else the first video track. */
export async function openMp4(source: ByteSource, limits: Limits): Promise<Container> {
  const { brand, moov } = await findMovie(source, limits);
  const movie = await readMovie(source, moov, limits);
  const tracks = movie.tracks.filter((track) => track.handler === 'vide');
  const track = tracks.find((t) => isReadable(t.description?.codec ?? '')) ?? tracks[0];
  if (!track) throw new UnsupportedStreamError('a file without a video track', 'give a file with moving pictures');
  const { description } = track;
  if (!description) throw new MalformedStreamError("the video track has no sample description (box 'stsd')");
  const defaults = movie.extends.get(track.id);
  return new TableContainer({
    source,
    limits,
    track: {
      container: containerOfBrand(brand),
      codec: description.codec,
      width: description.width,
      height: description.height,
      rotation: track.rotation,
      config: description.config,
      frameRate: undefined,
    },
    loadTable: async () => {
      const table = await readSampleTable(source, track.sampleTable, track.clock, limits);
      if (defaults) await readFragments(source, moov.end, track.id, defaults, track.clock, table, limits);
      return table;
    },
  });
}

/** `major_brand` of the FileTypeBox (4.3); QuickTime files before 2001 have none. */
function containerOfBrand(brand: string): string {
  if (brand === 'qt  ' || brand === '') return 'mov';
  return brand.startsWith('3g') ? '3gp' : 'mp4';
}

async function findMovie(source: ByteSource, limits: Limits): Promise<{ brand: string; moov: Box }> {
  let brand = '';
  let last: Box | undefined;
  for await (const box of boxesIn(source, 0, source.size, 1, limits)) {
    if (box.type === 'ftyp') brand = fourcc(await readBox(source, box, 4, 4), 0);
    if (box.type === 'moov') {
      if (box.cut) break;
      return { brand, moov: box };
    }
    last = box;
  }
  const why = last?.cut
    ? `the file is cut short inside box '${printable(last.type)}'`
    : 'the file is cut short or damaged';
  throw new MalformedStreamError(`no box 'moov' with the index of the file: ${why}`, { offset: source.size });
}

async function readMovie(source: ByteSource, moov: Box, limits: Limits): Promise<Movie> {
  const movie: Movie = { timescale: 1000, tracks: [], extends: new Map() };
  const traks: Box[] = [];
  for await (const box of boxesIn(source, moov.contentStart, moov.end, 2, limits)) {
    if (box.type === 'mvhd') movie.timescale = await readTimescale(source, box);
    if (box.type === 'cmov')
      throw new UnsupportedStreamError("compressed movie header ('cmov')", 'rewrite the file with ffmpeg -c copy');
    if (box.type === 'trak') {
      traks.push(box);
      checkLimit(limits, 'tracks', traks.length);
    }
    if (box.type === 'mvex') {
      for await (const child of boxesIn(source, box.contentStart, box.end, 3, limits)) {
        if (child.type !== 'trex') continue;
        const view = viewOf(await readBox(source, child, 24, 24));
        movie.extends.set(view.getUint32(4), {
          duration: view.getUint32(12),
          size: view.getUint32(16),
          flags: view.getUint32(20),
        });
        checkLimit(limits, 'tracks', movie.extends.size);
      }
    }
  }
  for (const trak of traks) movie.tracks.push(await readTrack(source, trak, movie.timescale, limits));
  return movie;
}

async function readTrack(source: ByteSource, trak: Box, movieTimescale: number, limits: Limits): Promise<Track> {
  const track: Track = {
    id: 0,
    handler: '',
    rotation: 0,
    clock: { timescale: 0, shift: 0 },
    description: undefined,
    sampleTable: new Map(),
  };
  let edits: Box | undefined;
  let media: Box | undefined;
  for await (const box of boxesIn(source, trak.contentStart, trak.end, 3, limits)) {
    if (box.type === 'tkhd') Object.assign(track, await readTrackHeader(source, box));
    if (box.type === 'mdia') media = box;
    if (box.type === 'edts') {
      for await (const child of boxesIn(source, box.contentStart, box.end, 4, limits)) {
        if (child.type === 'elst') edits = child;
      }
    }
  }
  if (media) await readMedia(source, media, track, limits);
  if (track.handler !== 'vide') return track;
  if (track.clock.timescale === 0)
    throw new MalformedStreamError('the video track has a time scale of 0', { offset: trak.start });
  if (edits) track.clock.shift = await readEditShift(source, edits, movieTimescale, track.clock.timescale, limits);
  return track;
}

/** TrackHeaderBox (8.3.2): the track's number, and the rotation in its matrix. */
async function readTrackHeader(source: ByteSource, box: Box): Promise<{ id: number; rotation: number }> {
  const version = (await readBox(source, box, 4, 4))[0];
  const length = version === 1 ? 96 : 84;
  const view = viewOf(await readBox(source, box, length, length));
  const matrix = version === 1 ? 52 : 40;
  const quarters = Math.round(Math.atan2(view.getInt32(matrix + 4), view.getInt32(matrix)) / (Math.PI / 2));
  return { id: view.getUint32(version === 1 ? 20 : 12), rotation: ((quarters + 4) % 4) * 90 };
}

async function readMedia(source: ByteSource, mdia: Box, track: Track, limits: Limits): Promise<void> {
  let minf: Box | undefined;
  for await (const box of boxesIn(source, mdia.contentStart, mdia.end, 4, limits)) {
    if (box.type === 'mdhd') track.clock.timescale = await readTimescale(source, box);
    if (box.type === 'hdlr') track.handler = await readHandler(source, box);
    if (box.type === 'minf') minf = box;
  }
  if (!minf || track.handler !== 'vide') return;
  for await (const box of boxesIn(source, minf.contentStart, minf.end, 5, limits)) {
    if (box.type !== 'stbl') continue;
    for await (const child of boxesIn(source, box.contentStart, box.end, 6, limits)) {
      if (child.type === 'stsd') track.description = await readSampleDescription(source, child, 6, limits);
      else if (sampleTableTypes.has(child.type)) track.sampleTable.set(child.type, child);
    }
  }
}

const sampleTableTypes = new Set(['stts', 'ctts', 'stsc', 'stsz', 'stz2', 'stco', 'co64', 'stss']);

/** `timescale` of MovieHeaderBox (8.2.2) and MediaHeaderBox (8.4.2). */
async function readTimescale(source: ByteSource, box: Box): Promise<number> {
  const bytes = await readBox(source, box, 16, 24);
  const at = bytes[0] === 1 ? 20 : 12;
  if (bytes.length < at + 4) throw new MalformedStreamError(`box '${box.type}' is too short`, { offset: box.start });
  return viewOf(bytes).getUint32(at);
}

/**
 * EditListBox (8.6.6): empty edits in front delay the track, the first real edit says where in the media it begins.
 * Cuts and repeats behind it are not followed: every sample is shown once.
 */
async function readEditShift(
  source: ByteSource,
  elst: Box,
  movieTimescale: number,
  timescale: number,
  limits: Limits,
): Promise<number> {
  const head = await readBox(source, elst, 8, 8);
  const wide = head[0] === 1;
  const count = viewOf(head).getUint32(4);
  checkLimit(limits, 'frames', count);
  const entrySize = wide ? 20 : 12;
  const length = 8 + entrySize * Math.min(count, 64);
  const view = viewOf(await readBox(source, elst, length, length));
  let delay = 0;
  for (let at = 8; at < length; at += entrySize) {
    const segment_duration = wide ? int64(view, at) : view.getUint32(at);
    const media_time = wide ? int64(view, at + 8) : view.getInt32(at + 4);
    if (media_time >= 0) return Math.round(delay) - media_time;
    if (movieTimescale > 0) delay += (segment_duration / movieTimescale) * timescale;
  }
  return Math.round(delay);
}
