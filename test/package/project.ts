/**
 * An empty project into which the packed tarball is put, as npm would: without the network. Of the modules around it only
 * those are linked that package.json names, so that an import of anything else fails here as it would for a user.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
  bin: Record<string, string>;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Project {
  folder: string;
  /** Paths inside the tarball. */
  packed: string[];
  write(files: Readonly<Record<string, string>>): void;
  node(...args: string[]): Ran;
  /** What the compiler of this repository has to say of these files, and of the declarations of vultus below them. */
  check(files: readonly string[], options: ts.CompilerOptions): string[];
  remove(): void;
}

/** @param linked modules of this repository that the project has besides the dependencies of vultus */
export function makeProject(linked: readonly string[]): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vultus-consumer-')));
  const run = (command: string, args: readonly string[], cwd = folder): Ran => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    if (error) throw error;
    return { status, stdout, stderr };
  };
  // npm is given scripts of its own to run by `npm test`; the tests were built before.
  const pack = run('npm', ['pack', '--ignore-scripts', '--json', '--silent', '--pack-destination', folder], root);
  if (pack.status !== 0) throw new Error(`npm pack: ${pack.stderr}`);
  const [{ filename, files }] = JSON.parse(pack.stdout) as [{ filename: string; files: { path: string }[] }];
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'vultus'), { recursive: true });
  const untar = run('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'vultus'), '--strip-components', '1']);
  if (untar.status !== 0) throw new Error(`tar: ${untar.stderr}`);
  const { dependencies, optionalDependencies } = manifest;
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...linked]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  return {
    folder,
    packed: files.map(({ path }) => path),
    write: (contents) => {
      for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text);
    },
    node: (...args) => run(process.execPath, args),
    check: (names, options) => {
      const host = ts.createCompilerHost(options);
      host.getCurrentDirectory = () => folder;
      const program = ts.createProgram(
        names.map((name) => join(folder, name)),
        options,
        host,
      );
      // Not those of the libraries: they are large, and theirs to be checked.
      const own = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
      const found = [program.getOptionsDiagnostics(), ...own.map((file) => ts.getPreEmitDiagnostics(program, file))];
      return [...new Set(found.flat())].map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
