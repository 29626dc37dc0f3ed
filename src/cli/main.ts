#!/usr/bin/env node
/**
 * The command line. Commands import what they need when they run, so that `vultus --help` loads nothing heavy.
 *
 * Exit codes: 0 done, 1 some input failed, 2 the command line is wrong, 130 interrupted.
 */
import { Command, CommanderError } from 'commander';
import { registerAblate } from './commands/ablate.js';
import { registerAnalyze } from './commands/analyze.js';
import { registerCompletion } from './commands/completion.js';
import { registerCrossval } from './commands/crossval.js';
import { registerDataset } from './commands/dataset.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEvaluate } from './commands/evaluate.js';
import { registerExtract } from './commands/extract.js';
import { registerFuse } from './commands/fuse.js';
import { registerInspect } from './commands/inspect.js';
import { registerReproduce } from './commands/reproduce.js';
import { registerTrain } from './commands/train.js';
import { debugStack, describe, UsageError } from './failure.js';
import { INTERRUPTED, interruptSignal } from './interrupt.js';
import { clearProgress, exitOnClosedPipe, notice, oneLine } from './output.js';
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

async function build(signal: AbortSignal): Promise<Command> {
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

/** Exit code for an error that ended the program; tells it on stderr. */
function fail(error: unknown, signal: AbortSignal): number {
  clearProgress();
  if (error instanceof CommanderError) {
    // Help and version were asked for and printed.
    if (error.exitCode === 0) return 0;
    // `vultus` alone prints its help.
    if (error.code === 'commander.help') return 2;
    notice(`vultus: ${oneLine(error.message).replace(/^error: /, '')}; see vultus --help`);
    return 2;
  }
  if (signal.aborted) {
    notice(`vultus: ${describe(signal.reason)}`);
    return INTERRUPTED;
  }
  notice(`vultus: ${describe(error)}`);
  debugStack(error);
  return error instanceof UsageError ? 2 : 1;
}

exitOnClosedPipe();
const signal = interruptSignal();
try {
  const program = await build(signal);
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error, signal);
}
