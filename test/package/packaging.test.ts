/** The package as a user gets it: packed, put into an empty project, imported, type-checked, run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedModels } from '../../src/cli/models.js';
import { face, makeClip } from '../support/clips.js';
import { makeProject, manifest, type Project } from './project.js';

/** What each entry must give; the main one's list is in src/index.test.ts. */
const entries: Readonly<Record<string, readonly string[]>> = {
  vultus: ['analyze', 'openVideo', 'loadModel', 'MalformedStreamError'],
  'vultus/graph': ['compile', 'gradients', 'conv2d'],
  'vultus/training': ['train', 'crossval', 'ablate', 'reproduce', 'Random'],
  'vultus/evaluation': ['evaluateClips', 'metricsOf', 'leakageOf'],
  'vultus/dataset': ['loadDataset', 'splitByFold', 'prepare', 'corpora'],
};

let project: Project;
beforeAll(() => {
  project = makeProject(['typescript', '@types/node', 'undici-types']);
  project.write({ 'package.json': '{ "name": "consumer", "private": true, "type": "module" }' });
  writeFileSync(join(project.folder, 'clip.mp4'), readFileSync(makeClip(face(320, 240, 40), ['-c:v', 'mpeg4'], 'mp4')));
}, 120_000);
afterAll(() => project.remove());

describe('the tarball', () => {
  it('holds what package.json points at, the models and the licence; no test and no source', () => {
    const { packed } = project;
    for (const entry of Object.values(manifest.exports)) {
      for (const path of typeof entry === 'string' ? [entry] : Object.values(entry)) {
        expect(packed).toContain(path.slice(2));
      }
    }
    const models = shippedModels.map((name) => `models/${name}.onnx`);
    for (const path of [...Object.values(manifest.bin), ...models, 'LICENSE']) {
      expect(packed).toContain(path);
    }
    expect(packed.filter((path) => /\.test\.|^src\/|^test\/|^kernels\//.test(path))).toEqual([]);
  });

  it('has nothing that publint objects to', async () => {
    const files = project.packed.map((path) => ({
      name: `vultus/${path}`,
      data: readFileSync(join(project.folder, 'node_modules', 'vultus', path)),
    }));
    const { messages } = await publint({ pkgDir: 'vultus', pack: { files }, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });
});

describe('a program without types', () => {
  it('imports every entry of the export map, and nothing that is not in it', () => {
    expect(Object.keys(entries).map((name) => name.replace('vultus', '.'))).toEqual(
      Object.keys(manifest.exports).filter((name) => name !== './package.json'),
    );
    project.write({
      'entries.js': `
        for (const name of ${JSON.stringify(Object.keys(entries))}) console.log(name, Object.keys(await import(name)).join(' '));
        for (const name of ['vultus/dist/video.js', 'vultus/cli', 'vultus/models/default.onnx']) {
          await import(name).then(() => console.log('open', name), (error) => console.log(error.code));
        }
        const { default: { version } } = await import('vultus/package.json', { with: { type: 'json' } });
        console.log(version);`,
    });
    const { status, stdout } = project.node('--no-warnings', 'entries.js');
    expect(status).toBe(0);
    const lines = stdout.trim().split('\n');
    for (const [name, wanted] of Object.entries(entries)) {
      const line = lines.find((text) => text.startsWith(`${name} `))!;
      expect(line.split(' ')).toEqual(expect.arrayContaining([...wanted]));
    }
    expect(lines.slice(-4)).toEqual([...Array(3).fill('ERR_PACKAGE_PATH_NOT_EXPORTED'), expect.stringMatching(/^\d/)]);
  });

  it('analyses a clip with the model of the package', () => {
    project.write({
      'analyse.js': `
        import { analyze } from 'vultus';
        import { readFile } from 'node:fs/promises';
        const analysis = analyze(await readFile('clip.mp4'));
        let windows = 0;
        for await (const { probabilities } of analysis) windows += Math.round(probabilities.reduce((a, b) => a + b));
        const { faces, model } = await analysis.result();
        console.log(JSON.stringify({ windows, faces: faces.length, model: model.card.name }));`,
    });
    const { stdout, stderr } = project.node('analyse.js');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ windows: 3, faces: 1, model: 'vultus-fused' });
  });

  it('has a command line', () => {
    const { status, stdout } = project.node(
      join('node_modules', 'vultus', manifest.bin.vultus!),
      'inspect',
      'clip.mp4',
    );
    expect(status).toBe(0);
    expect(stdout).toContain('40 frames');
  });
});

describe('a program in TypeScript', () => {
  const main = `
    import { analyze, openVideo, loadModel, renderReport, type AnalysisResult, type ExpressionWindow, LimitExceededError } from 'vultus';
    export async function label(source: Blob | Uint8Array | URL, signal: AbortSignal): Promise<string | undefined> {
      const model = await loadModel(new URL('file:///model.onnx'));
      const analysis = analyze(source, { model, signal, faces: { x: 0, y: 0, width: 9, height: 9 }, limits: { fileBytes: 1e9 } });
      const windows: ExpressionWindow[] = [];
      for await (const window of analysis) windows.push(window);
      const result: AnalysisResult = await analysis.result();
      await renderReport([{ file: 'clip', result }], { version: '1', date: new Date() });
      return result.faces[0]?.segments[0]?.label;
    }
    export async function energy(source: string): Promise<number> {
      const video = await openVideo(source);
      let sum = 0;
      for await (const { frame, error } of video.frames({ select: 'P', scale: 4 })) {
        if (error) { if (error instanceof LimitExceededError) throw error; continue; }
        sum += frame.luma?.data[0] ?? 0;
      }
      video.close();
      return sum;
    }
    // @ts-expect-error labels are strings
    export const wrong: number | undefined = await label(new URL('file:///clip.mp4'), new AbortController().signal);`;
  const parts = `
    import { compile, input, relu } from 'vultus/graph';
    import { train, type TrainingConfig } from 'vultus/training';
    import { metricsOf, type Metrics } from 'vultus/evaluation';
    import { loadDataset, splitByFold, type Dataset } from 'vultus/dataset';
    export const bytes: Uint8Array = compile({ y: relu(input('x', [1, 2])) });
    export const functions = [train, metricsOf, splitByFold];
    export const data: Promise<Dataset> = loadDataset('folder');
    export type All = [TrainingConfig, Metrics];`;
  const options: ts.CompilerOptions = { target: ts.ScriptTarget.ES2022, strict: true, noEmit: true };
  const nodeOptions = { ...options, types: ['node'], lib: ['lib.es2022.d.ts'] };

  it('of a browser is checked, through a bundler and without types of Node', () => {
    project.write({ 'main.ts': main });
    const found = project.check(['main.ts'], {
      ...options,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      types: [],
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
      exactOptionalPropertyTypes: true,
    });
    expect(found).toEqual([]);
  });

  it('of Node is checked, all entries, without types of the DOM', () => {
    project.write({ 'main.ts': main, 'parts.ts': parts });
    expect(project.check(['main.ts', 'parts.ts'], { ...nodeOptions, module: ts.ModuleKind.Node16 })).toEqual([]);
  });

  it('that is wrong is told so', () => {
    project.write({ 'wrong.ts': `import { analyze } from 'vultus';\nimport 'vultus/nothing';\nanalyze(3);` });
    const found = project.check(['wrong.ts'], { ...nodeOptions, module: ts.ModuleKind.Node16 });
    expect(found).toEqual([expect.stringContaining('vultus/nothing'), expect.stringContaining('not assignable')]);
  });
});
