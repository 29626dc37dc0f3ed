/** Where words go: results to stdout, everything else to stderr. Reading ends early without noise (`vultus … | head`). */

/** Writes to stdout, waiting where the reader is slower than we are. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) {
    await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
  }
}

/** One line on stderr. */
export function notice(text: string): void {
  clearProgress();
  process.stderr.write(`${oneLine(text)}\n`);
}

let shown = false;

/** A line on stderr that the next one overwrites; nothing where stderr is no terminal. */
export function progress(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[K${oneLine(text).slice(0, Math.max(10, (process.stderr.columns ?? 80) - 1))}`);
  shown = true;
}

export function clearProgress(): void {
  if (shown) process.stderr.write('\r\x1b[K');
  shown = false;
}

/** Control characters and line breaks in names and messages do not reach the terminal. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/** A reader that goes away ends the program quietly, as it does for any other tool in a pipe. */
export function exitOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : 1);
    });
  }
}
