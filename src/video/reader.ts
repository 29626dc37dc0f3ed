/** Reads chosen pictures through one parser, giving it what it must have seen before each. */
import type { CompressedFrame } from '../bitstream/frame.js';
import type { BitstreamParser, DecodedPicture, ParseOptions, PictureAt } from '../bitstream/parser.js';
import type { Container } from '../container/packet.js';
import { MalformedStreamError } from '../errors.js';
import { checkLimit, type Limits } from '../limits.js';
import type { FrameEntry, FrameIndex } from './frame-index.js';
import { notCodedFrame } from './not-coded.js';

/** Makes a parser that knows the stream's parameter sets. */
export type NewParser = () => Promise<BitstreamParser>;

export class PictureReader {
  readonly #container: Container;
  readonly #frames: FrameIndex;
  readonly #newParser: NewParser;
  #parser: BitstreamParser | undefined;
  /** Decode indices of the last two pictures parsed that are no B-pictures: what a B-picture lies between. */
  #past = -1;
  #future = -1;
  #packet: { index: number; data: Uint8Array } | undefined;
  #notCoded: CompressedFrame | undefined;

  /** @param parser one that knows the parameter sets and that nobody else uses meanwhile, if there is one. */
  constructor(container: Container, frames: FrameIndex, parser: BitstreamParser | undefined, newParser: NewParser) {
    this.#container = container;
    this.#frames = frames;
    this.#parser = parser;
    this.#newParser = newParser;
  }

  /** Parses the picture. Its buffers are the parser's. Throws the typed error of a broken packet. */
  async parse(entry: FrameEntry, options: ParseOptions = {}): Promise<CompressedFrame> {
    if (entry.bytes === 0) return this.#repeat(options);
    if (entry.type === 'B') return this.#parseB(entry, options);
    this.#parser ??= await this.#newParser();
    if (this.#anchorBefore(entry.decodeIndex) !== this.#future) this.#parser.reset?.();
    const frame = this.#parser.parse(await this.#data(entry), entry.picture, options);
    this.#anchorParsed(entry.decodeIndex);
    return frame;
  }

  /** Decodes a key frame to pixels. */
  async decode(entry: FrameEntry): Promise<DecodedPicture> {
    this.#parser ??= await this.#newParser();
    const picture = await this.#parser.decodeKeyFrame(await this.#data(entry), entry.picture);
    this.#anchorParsed(entry.decodeIndex);
    return picture;
  }

  /** Decodes the pictures from the last key frame up to this one, and gives this one's pixels. */
  async decodeRun(entry: FrameEntry, limits: Limits, signal?: AbortSignal): Promise<DecodedPicture> {
    let first = entry.decodeIndex;
    while (first > 0 && !this.#frames.atDecode(first).key) {
      first--;
      checkLimit(limits, 'decodedPictures', entry.decodeIndex - first + 1);
    }
    this.#parser ??= await this.#newParser();
    this.#parser.reset?.();
    this.#future = -2;
    const read = (decodeIndex: number) => this.#data(this.#frames.atDecode(decodeIndex));
    const frames = this.#frames;
    async function* run(): AsyncGenerator<PictureAt, void, undefined> {
      for (let i = first; i <= entry.decodeIndex; i++) {
        signal?.throwIfAborted();
        const { bytes, picture } = frames.atDecode(i);
        if (bytes > 0) yield { packet: await read(i), picture };
      }
    }
    return this.#parser.decodeRun(run());
  }

  /** Hands the parser back. The reader is not to be used any more. */
  release(): BitstreamParser[] {
    return this.#parser ? [this.#parser] : [];
  }

  /**
   * A B-picture needs the macroblock types of the anchor coded before it, shown behind it, and the times of both anchors.
   * They are at hand when every anchor was just parsed; else a new parser reads the two.
   */
  async #parseB(entry: FrameEntry, options: ParseOptions): Promise<CompressedFrame> {
    const future = this.#anchorBefore(entry.decodeIndex);
    const past = this.#anchorBefore(future);
    if (this.#future !== future || this.#past !== past || !this.#parser) {
      this.#parser = await this.#newParser();
      if (past >= 0) this.#parser.headers(await this.#data(this.#frames.atDecode(past)));
      if (future >= 0) {
        const anchor = this.#frames.atDecode(future);
        this.#parser.parse(await this.#data(anchor), anchor.picture, { scale: 0 });
      }
      this.#past = past;
      this.#future = future;
    }
    return this.#parser.parse(await this.#data(entry), entry.picture, options);
  }

  /** The last picture in decoding order before another that is in the file and no B-picture; -1 if there is none. */
  #anchorBefore(decodeIndex: number): number {
    for (let i = decodeIndex - 1; i >= 0; i--) {
      if (this.#frames.typeAt(i) !== 'B' && this.#frames.atDecode(i).bytes > 0) return i;
    }
    return -1;
  }

  #anchorParsed(decodeIndex: number): void {
    this.#past = this.#anchorBefore(decodeIndex) === this.#future ? this.#future : -2;
    this.#future = decodeIndex;
  }

  /** An empty chunk: the geometry comes from the first picture that is in the file. */
  async #repeat(options: ParseOptions): Promise<CompressedFrame> {
    if (!this.#notCoded) {
      for (const entry of this.#frames) {
        if (entry.bytes === 0 || entry.type === undefined || entry.type === 'B') continue;
        const parser = await this.#newParser();
        this.#notCoded = notCodedFrame(parser.parse(await this.#data(entry), entry.picture, options));
        break;
      }
      if (!this.#notCoded) throw new MalformedStreamError('no picture of the video can be read');
    }
    return this.#notCoded;
  }

  /** Bytes of the picture's packet: read once for all its pictures. */
  async #data(entry: FrameEntry): Promise<Uint8Array> {
    if (this.#packet?.index !== entry.packet) {
      this.#packet = undefined;
      const { data } = await this.#container.read(entry.packet);
      this.#packet = { index: entry.packet, data };
    }
    return this.#packet.data;
  }
}
