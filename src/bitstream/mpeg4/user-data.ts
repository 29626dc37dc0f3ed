/** Who wrote the stream, as user_data() says: a few encoders need to be read by their own arithmetic. */

export interface Encoder {
  /** Build number after `XviD`, or undefined. */
  xvid: number | undefined;
  /** `DivX503b1393p`: version, build, and the `p` that announces packed bitstreams. */
  divx: { version: number; build: number; packed: boolean } | undefined;
  /** libavcodec's version as (major << 16) + (minor << 8) + micro, or its old build number. */
  lavc: number | undefined;
}

export const unknownEncoder: Encoder = { xvid: undefined, divx: undefined, lavc: undefined };

/** What `bytes[start..end)` adds to what is known. Unknown user data changes nothing. */
export function readUserData(bytes: Uint8Array, start: number, end: number, known: Encoder): Encoder {
  let text = '';
  for (let i = start; i < Math.min(end, start + 255) && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i]!);
  const divx = /^DivX(\d+)(?:Build|b)(\d+)(.?)/.exec(text);
  if (divx) return { ...known, divx: { version: Number(divx[1]), build: Number(divx[2]), packed: divx[3] === 'p' } };
  const xvid = /^XviD(\d+)/.exec(text);
  if (xvid) return { ...known, xvid: Number(xvid[1]) };
  const lavc = /^Lavc(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (lavc) return { ...known, lavc: (Number(lavc[1]) << 16) + (Number(lavc[2]) << 8) + Number(lavc[3]) };
  const old = /^FFmpe.*?(?:build: |b)(\d+)/.exec(text);
  if (old) return { ...known, lavc: Number(old[1]) };
  if (text === 'ffmpeg') return { ...known, lavc: 4600 };
  return known;
}
