/** All packets of a file through the package's own containers. */
import { openContainer } from '../../src/container/index.js';
import type { VideoTrack } from '../../src/container/packet.js';

/** The track and a copy of every packet, in decoding order. Throws what the container met as damage. */
export async function readPackets(path: string): Promise<{ track: VideoTrack; packets: Uint8Array[] }> {
  const container = await openContainer(path);
  try {
    const packets: Uint8Array[] = [];
    for (const { index } of await container.table()) packets.push((await container.read(index)).data.slice());
    if (container.damage) throw container.damage;
    return { track: container.track, packets };
  } finally {
    container.close();
  }
}
