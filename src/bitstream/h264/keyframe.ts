/** Key frames to pixels through the WebCodecs interface: the browser's own, or the optional package in Node. */
import { MalformedStreamError, ModelError, UnsupportedStreamError } from '../../errors.js';
import type { DecodedPicture } from '../parser.js';
import type { FoundPicture } from './access-unit.js';

export async function decodeKeyPicture(
  _packet: Uint8Array,
  _picture: FoundPicture,
  _parameterSets: readonly Uint8Array[],
): Promise<DecodedPicture> {
  throw new ModelError('to be written');
}
export { MalformedStreamError, UnsupportedStreamError };
