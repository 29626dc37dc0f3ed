#!/usr/bin/env node
/**
 * The command line. Commands import what they need when they run, so that `vultus --help` loads nothing heavy.
 *
 * Exit codes: 0 done, 1 some input failed, 2 the command line is wrong, 130 interrupted.
 */
import { CommanderError } from 'commander';
import { debugStack, describe, UsageError } from './failure.js';
import { INTERRUPTED, interruptSignal } from './interrupt.js';
import { clearProgress, exitOnClosedPipe, notice, oneLine } from './output.js';
import { buildProgram } from './program.js';

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
  const program = buildProgram(signal);
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error, signal);
}
