/** `npm run bench -- <name> [options]`: one file of this folder per benchmark. */
const benchmarks: Readonly<Record<string, () => Promise<{ run(args: string[]): Promise<void> }>>> = {
  extract: () => import('./extract.js'),
  confirm: () => import('./confirm.js'),
  drift: () => import('./drift.js'),
  faces: () => import('./faces.js'),
  recognise: () => import('./recognise.js'),
  identity: () => import('./identity.js'),
  timeline: () => import('./timeline.js'),
};

const [name = '', ...args] = process.argv.slice(2);
const load = benchmarks[name];
if (!load) {
  console.error(`usage: npm run bench -- <${Object.keys(benchmarks).join('|')}> [--help]`);
  process.exit(2);
}
await (await load()).run(args);
