// Compiles each AssemblyScript kernel (kernels/<codec>/index.ts) to WebAssembly and embeds it, base64, in a generated
// module beside the TypeScript that drives it (src/bitstream/<codec>/kernel.generated.ts): one import serves Node and
// browsers alike, and there is no file to locate at run time. A kernel whose sources did not change is left alone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const kernels = join(root, 'kernels');

/** Every source below kernels/, since kernels share bits.ts and transform/. */
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? sources(join(folder, entry.name)) : [join(folder, entry.name)]));
}

const hash = createHash('sha256');
for (const file of [fileURLToPath(import.meta.url), ...sources(kernels)]) hash.update(readFileSync(file));
const key = hash.digest('hex');

for (const codec of readdirSync(kernels)) {
  const entry = join(kernels, codec, 'index.ts');
  if (!existsSync(entry)) continue;
  const target = join(root, 'src', 'bitstream', codec, 'kernel.generated.ts');
  if (existsSync(target) && readFileSync(target, 'utf8').includes(key)) continue;
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--use', 'abort='];
  const output = {};
  const { error, stderr } = await asc.main([relative(root, entry), '--outFile', 'kernel.wasm', ...options], {
    readFile: (name, base) => {
      const path = join(base ?? root, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (name, contents) => {
      output[name] = contents;
    },
    listFiles: () => [],
  });
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  mkdirSync(dirname(target), { recursive: true });
  const base64 = Buffer.from(output['kernel.wasm']).toString('base64');
  writeFileSync(
    target,
    `// Made by scripts/build-kernels.mjs. Sources: ${key}\nexport const wasmBase64: string =\n  '${base64}';\n`,
  );
  console.log(`kernels/${codec}: ${output['kernel.wasm'].length} bytes`);
}
