/** Where the packets of a track lie: typed arrays that grow, 21 bytes a packet. */
import { checkLimit, type Limits } from '../limits.js';
import type { PacketInfo } from './packet.js';

export class PacketTable {
  /** Packets so far. */
  length = 0;
  /** Why there are no more, if the file is damaged. */
  damage: Error | undefined;
  /** First byte of each packet in the file. */
  offsets = new Float64Array(256);
  sizes = new Float64Array(256);
  /** Presentation time in seconds; NaN where the container has none. */
  timestamps = new Float64Array(256);
  keys = new Uint8Array(256);
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Adds a packet. Throws LimitExceededError past `limits.frames`. */
  push(offset: number, size: number, timestamp: number, key: boolean): void {
    const index = this.length;
    if (index === this.offsets.length) this.reserve(2 * index);
    this.offsets[index] = offset;
    this.sizes[index] = size;
    this.timestamps[index] = timestamp;
    this.keys[index] = key ? 1 : 0;
    checkLimit(this.#limits, 'frames', ++this.length);
  }

  /** Makes room for `count` packets. Throws LimitExceededError before it allocates past `limits.frames`. */
  reserve(count: number): void {
    if (count <= this.offsets.length) return;
    const capacity = Math.min(count, Math.max(this.#limits.frames + 1, this.offsets.length));
    this.offsets = grown(this.offsets, new Float64Array(capacity));
    this.sizes = grown(this.sizes, new Float64Array(capacity));
    this.timestamps = grown(this.timestamps, new Float64Array(capacity));
    this.keys = grown(this.keys, new Uint8Array(capacity));
  }

  /** Drops the packets from `length` on. */
  cut(length: number, damage: Error): void {
    this.length = length;
    this.damage = damage;
  }

  /** The packets as the contract shows them. */
  infos(): PacketInfo[] {
    const infos = new Array<PacketInfo>(this.length);
    for (let index = 0; index < this.length; index++) {
      const time = this.timestamps[index]!;
      infos[index] = {
        index,
        timestamp: Number.isNaN(time) ? undefined : time,
        key: this.keys[index] === 1,
        size: this.sizes[index]!,
      };
    }
    return infos;
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
