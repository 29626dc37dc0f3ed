/** A folder among the operating system's temporary ones, for files that live as long as a piece of work. */

export interface TemporaryFolder {
  path: string;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

/** Is there a file system and are there processes? Not in a browser. */
export function inNode(): boolean {
  return typeof process !== 'undefined' && Boolean(process.versions?.node);
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const path = await mkdtemp(join(tmpdir(), 'vultus-'));
  // The last resort: a program that ends without passing through `remove` leaves nothing behind either.
  const sweep = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', sweep);
  return {
    path,
    async remove() {
      process.off('exit', sweep);
      await rm(path, { recursive: true, force: true });
    },
  };
}
