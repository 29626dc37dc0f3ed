/** Several inputs, one after another: a bad one is reported and the rest go on. */
import { debugStack, describe, errorObject, UsageError } from './failure.js';
import { clearProgress, notice, print } from './output.js';

export interface BatchOptions {
  /** Failures are also printed as `{"file", "error"}` on stdout. */
  json?: boolean;
}

/** Runs `work` for each file and sets exit code 1 if any failed. Usage errors and interruption end the batch. */
export async function forEachFile(
  files: readonly string[],
  signal: AbortSignal,
  { json = false }: BatchOptions,
  work: (file: string) => Promise<void>,
): Promise<void> {
  for (const file of files) {
    signal.throwIfAborted();
    try {
      await work(file);
    } catch (error) {
      if (signal.aborted || error instanceof UsageError) throw error;
      clearProgress();
      const words = describe(error);
      notice(`vultus: ${words.startsWith(`${file}: `) ? words : `${file}: ${words}`}`);
      debugStack(error);
      if (json) await print(JSON.stringify({ file, error: errorObject(error) }));
      process.exitCode = 1;
    }
  }
}
