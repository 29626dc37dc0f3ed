/**
 * Writes docs/h264-streams.md: what the parser makes of every shared test stream, over its whole length.
 * `npx tsx test/conformance/h264/table.ts [file ...]`; with files named, prints their rows and writes nothing.
 */
import { writeFileSync } from 'node:fs';
import { judge, type Verdict } from './judge.js';
import { readStream, type Stream, streamList, streamsPresent } from './streams.js';

export const tablePath = new URL('../../../docs/h264-streams.md', import.meta.url);

const meaning: Readonly<Record<Verdict['kind'], string>> = {
  exact: 'exact',
  parsed: 'parsed',
  damaged: 'damaged, flagged',
  unsupported: 'unsupported',
  wrong: 'WRONG',
};

/** The checksums that count as right: the published one, and ffmpeg's (both are the standard's where they agree). */
export function expectedSums({ sha1 }: Stream): string[] {
  return [sha1.published, sha1.ffmpeg].filter((sum) => sum !== '');
}

/** One row; the same text whenever it is made from the same stream. */
export function row(stream: Stream, verdict: Verdict): string {
  const { kind, pictures, slices, flagged, unknown, detail } = verdict;
  const damage = `${flagged} pictures flagged, ${unknown} more with vectors into lost pictures, marked so`;
  const cells = [
    stream.file,
    stream.profile || '',
    kind === 'unsupported' ? '' : String(pictures),
    kind === 'unsupported' ? '' : String(slices),
    meaning[kind],
    kind === 'damaged' ? damage : detail,
  ];
  return `| ${cells.join(' | ')} |`;
}

const head = `# H.264 test streams

What the parser makes of streams that other encoders made (JVT conformance streams and encoder test streams; the shared
folder \`../shared/conformance/h264\`). Made by \`npx tsx test/conformance/h264/table.ts\`, over the whole length of each
stream; the tests check that it is true.

- **exact**: every slice ends exactly at its trailing bits, and prediction + our residual + deblocking, by the plain
  reference reconstruction in \`test/conformance/h264/reconstruct\`, gives every sample of every frame: the SHA-1 of the
  frames equals the published one, or ffmpeg's.
- **parsed**: every slice ends exactly at its trailing bits; the pictures were not rebuilt, for the reason given.
- **damaged, flagged**: damaged on purpose (or a stream that begins in mid-sequence); every picture that suffers is flagged
  or is a typed error; nothing crashes.
- **unsupported**: a typed error names the feature.

| stream | profile | pictures | slices | | detail |
| --- | --- | ---: | ---: | --- | --- |
`;

function main(files: string[]): void {
  if (!streamsPresent) throw new Error('the shared test streams are not there: ../shared/conformance/h264');
  const rows: string[] = [];
  for (const stream of streamList()) {
    if (files.length > 0 && !files.includes(stream.file)) continue;
    const start = performance.now();
    const verdict = judge(readStream(stream.file), { sha1: expectedSums(stream) });
    rows.push(row(stream, verdict));
    console.log(`${rows.at(-1)} ${verdict.frames} frames, ${Math.round(performance.now() - start)} ms`);
  }
  if (files.length === 0) writeFileSync(tablePath, `${head}${rows.join('\n')}\n`);
}

if (process.argv[1]?.endsWith('table.ts')) main(process.argv.slice(2));
