/** What `import 'vultus'` loads: nothing of Node, so that a browser or a worker can load it too. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');

/** Module specifiers that a file imports or re-exports from as it is loaded; `import()` is not among them. */
function staticImports(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext);
  return file.statements.flatMap((statement) => {
    const specifier =
      ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
    return specifier && ts.isStringLiteral(specifier) ? [specifier.text] : [];
  });
}

/** All files reached from `entry`, and what they import from elsewhere with the file that does. */
function graph(entry: string): { files: Set<string>; elsewhere: Map<string, string> } {
  const files = new Set<string>();
  const elsewhere = new Map<string, string>();
  const open = [join(dist, entry)];
  for (let path = open.pop(); path; path = open.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const specifier of staticImports(path)) {
      if (specifier.startsWith('.')) open.push(join(dirname(path), specifier));
      else elsewhere.set(specifier, relative(dist, path));
    }
  }
  return { files, elsewhere };
}

describe('the static imports', () => {
  it('of the main entry hold no module of Node, and only packages that run in browsers', () => {
    const { files, elsewhere } = graph('index.js');
    expect(files.size).toBeGreaterThan(100);
    expect([...elsewhere].filter(([specifier]) => isBuiltin(specifier))).toEqual([]);
    expect([...elsewhere.keys()].sort()).toEqual(['d3-scale', 'd3-shape', 'fflate', 'protobufjs/minimal.js', 'zod']);
  });

  it('of ./graph hold none either', () => {
    expect([...graph('graph/index.js').elsewhere.keys()].filter(isBuiltin)).toEqual([]);
  });

  it('are seen by this test: those of ./dataset hold some', () => {
    expect([...graph('dataset/index.js').elsewhere.keys()].filter(isBuiltin)).toContain('node:fs/promises');
  });
});

describe('loading the main entry', () => {
  /** Built-in modules that are resolved while `entry` is loaded as for a browser, by it or by any package below it. */
  function builtinsOf(entry: string): string[] {
    const hooks = `import { writeSync } from 'node:fs';
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, { ...context, conditions: ['browser', 'import', 'default'] });
      if (found.url.startsWith('node:')) writeSync(1, found.url + '\\n');
      return found;
    }`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', dataUrl(register), join(dist, entry)], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  }
  const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

  it('asks for no module of Node, nor do the packages below it', () => {
    expect(builtinsOf('index.js')).toEqual([]);
    expect(builtinsOf('dataset/index.js')).toContain('node:fs/promises');
  });
});
