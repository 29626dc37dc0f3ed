/** EBML elements (RFC 8794): an id, a size, contents. */
import { MalformedStreamError } from '../../errors.js';
import { checkLimit, type Limits } from '../../limits.js';
import { viewOf } from '../bytes.js';
import type { ByteSource } from '../source.js';

export interface Element {
  id: number;
  start: number;
  contentStart: number;
  /** Behind the contents, at most the parent's end. */
  end: number;
  /** The size is not written (7.3): the element ends where an element of its parent's level begins. */
  unknownSize: boolean;
  /** It says it is longer than what holds it. */
  cut: boolean;
}

/** Bytes of the longest id and size. */
const HEADER_BYTES = 12;

/** The element header at `start`; `undefined` where no element can begin. Throws MalformedStreamError for what is no id or size. */
export async function readElement(source: ByteSource, start: number, parentEnd: number): Promise<Element | undefined> {
  if (start + 2 > parentEnd) return undefined;
  const bytes = await source.read(start, HEADER_BYTES);
  const idLength = Math.clz32(bytes[0] ?? 0) - 23;
  if (idLength > 4) throw new MalformedStreamError('no EBML element begins here', { offset: start });
  const size = readVint(bytes, idLength);
  if (!size) {
    if (bytes.length < HEADER_BYTES) return undefined;
    throw new MalformedStreamError('an EBML element has no size', { offset: start });
  }
  let id = 0;
  for (let i = 0; i < idLength; i++) id = id * 256 + bytes[i]!;
  const contentStart = Math.min(start + idLength + size.length, parentEnd);
  const end = size.unknown ? parentEnd : contentStart + size.value;
  return { id, start, contentStart, end: Math.min(end, parentEnd), unknownSize: size.unknown, cut: end > parentEnd };
}

/** A variable-size integer (4) without its marker; all ones mean "unknown". `undefined` if it is longer than 8 bytes or cut. */
export function readVint(
  bytes: Uint8Array,
  at: number,
): { value: number; length: number; unknown: boolean } | undefined {
  const first = bytes[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  let value = first & (0xff >> length);
  let unknown = value === 0xff >> length;
  for (let i = 1; i < length; i++) {
    value = value * 256 + bytes[at + i]!;
    unknown &&= bytes[at + i] === 0xff;
  }
  return { value, length, unknown };
}

/** The elements between two offsets. */
export async function* elementsIn(
  source: ByteSource,
  start: number,
  end: number,
  depth: number,
  limits: Limits,
): AsyncGenerator<Element> {
  checkLimit(limits, 'boxDepth', depth);
  let offset = start;
  let count = 0;
  for (;;) {
    const element = await readElement(source, offset, end);
    if (!element) return;
    checkLimit(limits, 'frames', ++count / 8); // video, sound, subtitles: eight blocks to a frame is plenty
    yield element;
    offset = element.end;
  }
}

/** The contents of a small element. */
export async function contents(source: ByteSource, element: Element, limits: Limits): Promise<Uint8Array> {
  const size = element.end - element.contentStart;
  checkLimit(limits, 'packetBytes', size);
  const bytes = await source.read(element.contentStart, size);
  if (element.cut || bytes.length < size) {
    throw new MalformedStreamError('an EBML element is cut short', { offset: element.start });
  }
  return bytes;
}

/** An unsigned integer of 0 to 8 bytes (7.2). */
export async function readUint(source: ByteSource, element: Element): Promise<number> {
  const size = Math.min(element.end - element.contentStart, 8);
  const bytes = await source.read(element.contentStart, size);
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** A float of 4 or 8 bytes (7.3). */
export async function readFloat(source: ByteSource, element: Element): Promise<number> {
  const bytes = await source.read(element.contentStart, element.end - element.contentStart);
  if (bytes.length === 4) return viewOf(bytes).getFloat32(0);
  if (bytes.length === 8) return viewOf(bytes).getFloat64(0);
  return 0;
}
