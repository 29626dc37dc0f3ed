/** Which onnxruntime a program gets is decided by package.json's `imports`: asked here of Node's own resolution. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What `#onnxruntime` resolves to in this package, or the name of the package that is missing. */
function resolved(...conditions: string[]): string {
  const flags = conditions.map((condition) => `--conditions=${condition}`);
  const script = `try { console.log(import.meta.resolve('#onnxruntime')) } catch (error) { console.log(error.message) }`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  return execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], { cwd, encoding: 'utf8' });
}

describe('onnxruntime', () => {
  it('is the native one in Node', () => {
    expect(resolved()).toMatch(/node_modules\/onnxruntime-node\//);
  });

  it("is the WebAssembly one under a bundler's condition `browser`, installed by whoever bundles", () => {
    expect(resolved('browser')).toMatch(/onnxruntime-web/);
  });
});
