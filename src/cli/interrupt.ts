/** Ctrl-C: the first asks the work to stop and clean up, the second ends the program at once. */

/** Exit code of a program that SIGINT ended, by custom. */
export const INTERRUPTED = 130;

/** Aborted at the first SIGINT or SIGTERM. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new DOMException(name === 'SIGTERM' ? 'terminated' : 'interrupted', 'AbortError'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
