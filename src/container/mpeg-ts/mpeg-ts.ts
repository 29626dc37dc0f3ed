import { UnsupportedStreamError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Container } from '../packet.js';
import type { ByteSource } from '../source.js';
export async function openMpegTs(_source: ByteSource, _limits: Limits): Promise<Container> {
  throw new UnsupportedStreamError('MPEG-TS', 'convert it with ffmpeg -c copy');
}
