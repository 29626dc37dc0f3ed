/** What manifests call codecs that are read directly. */
const readable = ['mpeg4', 'h264', 'h263', 'flv1'];
/** H.264 whose streams are refused. */
const refused = /^h264-(high-?10|high-?4|hi10|hi422|hi444|interlaced|paff|mbaff)/;

/** Whether clips of a manifest's codec column can be read: `h264`, `h264-high`, and variants like `mpeg4-g250-q8`. */
export function isReadable(codec: string): boolean {
  return readable.some((name) => codec === name || codec.startsWith(`${name}-`)) && !refused.test(codec);
}
