/** What manifests call codecs that are read directly. */
export const readableCodecs: ReadonlySet<string> = new Set([
  ...['mpeg4', 'h264', 'h264-baseline', 'h264-main', 'h264-high', 'h263', 'flv1'],
]);
