/** The container every reader here ends in: a track, a table of packets made when first asked for, and reads out of the file. */
import { MalformedStreamError } from '../errors.js';
import { checkLimit, type Limits } from '../limits.js';
import type { Container, Packet, PacketInfo, VideoTrack } from './packet.js';
import type { PacketTable } from './packet-table.js';
import type { ByteSource } from './source.js';

export interface TableContainerOptions {
  source: ByteSource;
  limits: Limits;
  track: VideoTrack;
  /** Makes the table; called once. */
  loadTable(): Promise<PacketTable>;
  /** Reads a packet that is not one run of bytes in the file. Default: `sizes[index]` bytes at `offsets[index]`. */
  readBytes?(table: PacketTable, index: number): Promise<Uint8Array>;
}

export class TableContainer implements Container {
  readonly track: VideoTrack;
  readonly #options: TableContainerOptions;
  #loading: Promise<PacketTable> | undefined;
  #loaded: PacketTable | undefined;
  #infos: PacketInfo[] | undefined;

  constructor(options: TableContainerOptions) {
    this.track = options.track;
    this.#options = options;
  }

  get damage(): Error | undefined {
    return this.#loaded?.damage;
  }

  async table(): Promise<readonly PacketInfo[]> {
    const table = await this.#load();
    this.#infos ??= table.infos();
    return this.#infos;
  }

  async read(index: number): Promise<Packet> {
    const table = await this.#load();
    if (!Number.isInteger(index) || index < 0 || index >= table.length) {
      throw new RangeError(`packet ${index} of ${table.length}`);
    }
    const size = table.sizes[index]!;
    checkLimit(this.#options.limits, 'packetBytes', size);
    const data = await (this.#options.readBytes?.(table, index) ?? this.#readRun(table.offsets[index]!, size, index));
    const time = table.timestamps[index]!;
    return {
      index,
      timestamp: Number.isNaN(time) ? undefined : time,
      key: table.keys[index] === 1,
      size: data.length,
      data,
    };
  }

  close(): void {
    this.#options.source.close();
  }

  async #readRun(offset: number, size: number, index: number): Promise<Uint8Array> {
    const data = await this.#options.source.read(offset, size);
    if (data.length < size) throw new MalformedStreamError(`the file ends inside packet ${index}`, { offset });
    return data;
  }

  async #load(): Promise<PacketTable> {
    if (this.#loaded) return this.#loaded;
    this.#loading ??= this.#options.loadTable();
    try {
      this.#loaded = await this.#loading;
    } catch (error) {
      if (error instanceof RangeError) throw impossibleNumbers(error);
      throw error;
    }
    return this.#loaded;
  }
}

/** A number in the file led outside what it counts: what a DataView says when it is asked for too much. */
export function impossibleNumbers(cause: RangeError): MalformedStreamError {
  return new MalformedStreamError('a header is cut short or holds impossible numbers', { cause });
}
