/** The tree of commands; making it runs none. The tests hold the documentation's command lines against it. */
import { Command } from 'commander';
import { registerAblate } from './commands/ablate.js';
import { registerAnalyze } from './commands/analyze.js';
import { registerCompletion } from './commands/completion.js';
import { registerCrossval } from './commands/crossval.js';
import { registerDataset } from './commands/dataset.js';
import { registerDoctor } from './commands/doctor.js';
import { registerErase } from './commands/erase.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerExtract } from './commands/extract.js';
import { registerFuse } from './commands/fuse.js';
import { registerInspect } from './commands/inspect.js';
import { registerQuantise } from './commands/quantise.js';
import { registerReproduce } from './commands/reproduce.js';
import { registerTrain } from './commands/train.js';
import { packageVersion } from './version.js';

const examples = `
Examples:
  $ vultus analyze clip.mp4                              the expression over time
  $ vultus analyze talk.avi --faces 120,80,160,160       with the face in this box
  $ vultus analyze a.mp4 b.mp4 --json > results.jsonl    one JSON object per video
  $ vultus analyze clip.mp4 --report clip.html           and a report to look at
  $ vultus analyze recordings/ --out results --report    every video of a folder, on all cores
  $ vultus inspect clip.mp4                              what the bitstream holds, frame by frame
  $ vultus extract clip.mp4 --out clip.npz --scale 4     residuals and motion vectors for numpy

Exit codes: 0 done, 1 some input failed, 2 wrong usage, 130 interrupted.`;

export function buildProgram(signal: AbortSignal): Command {
  const program = new Command('vultus')
    .description('Facial expressions straight from compressed video: no P-frame is decoded to pixels.')
    .version(packageVersion())
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .addHelpText('after', examples)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  registerAnalyze(program, signal);
  registerInspect(program, signal);
  registerExtract(program, signal);
  registerTrain(program, signal);
  registerEvaluate(program, signal);
  registerCrossval(program, signal);
  registerAblate(program, signal);
  registerFuse(program, signal);
  registerErase(program, signal);
  registerQuantise(program, signal);
  registerDoctor(program);
  registerCompletion(program);
  registerDataset(program, signal);
  registerReproduce(program, signal);
  // Children copy settings only when made with .command(); each sub-command gets them here whoever registered it.
  inherit(program);
  return program;
}

function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}
