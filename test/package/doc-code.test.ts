/** What the documentation tells readers to type: its programs are type-checked, its command lines held against the commands. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';
import { root } from './project.js';

interface Block {
  /** Path from the repository's folder. */
  file: string;
  language: string;
  /** Line in the file of the block's first line, from 1. */
  line: number;
  text: string;
}

function blocksOf(file: string, text: string): Block[] {
  const found = text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...found].map((match) => ({
    ...{ file, language: match[1]!, text: match[2]! },
    line: text.slice(0, match.index).split('\n').length + 1,
  }));
}

const files = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const blocks = [...texts].flatMap(([file, text]) => blocksOf(file, text));

/** What the compiler says of the blocks, one program for all; they import the built package by its name, as a reader's would. */
function check(programs: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  // A reader goes on with what a block leaves unused.
  const options = { ...parsed.options, noUnusedLocals: false };
  // Below empty lines, so that the compiler counts lines as the file does.
  const virtual = new Map(
    programs.map(({ file, line, text }) => [join(root, `${file}.${line}.ts`), '\n'.repeat(line - 1) + text]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...more) => {
    const text = virtual.get(path);
    return text === undefined ? getSourceFile(path, target, ...more) : ts.createSourceFile(path, text, target);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  return [...virtual.keys()].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(({ file, start, messageText }) => {
      const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      const name = path.slice(root.length + 1).replace(/\.\d+\.ts$/, '');
      return `${name}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    }),
  );
}

/** `whole`: something to type as it stands; else a mention, which may leave out what the command needs. */
interface CommandLine {
  where: string;
  words: string[];
  whole: boolean;
}

function wordsOf(line: string): string[] {
  // What follows a comment, a pipe or a redirection is not for vultus.
  return [...line.replace(/\s[#|>].*/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!);
}

const helpOf = (name: string) => readFileSync(join(root, 'src', 'cli', name), 'utf8').replaceAll(/\\\\\n\s*/g, ' ');

function commandLines(): CommandLine[] {
  const typed = blocks.flatMap(({ file, line, language, text }) =>
    ['', 'sh'].includes(language)
      ? text.split('\n').map((content, i) => ({ where: `${file}:${line + i}`, text: content, whole: true }))
      : [],
  );
  const mentioned = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(/`(vultus [^`\n]+)`/g)].map((match) => ({
      where: `${file}:${text.slice(0, match.index).split('\n').length}`,
      ...{ text: match[1]!, whole: false },
    })),
  );
  const sources = readdirSync(join(root, 'src', 'cli'), { recursive: true, encoding: 'utf8' });
  const helped = sources
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      // A backslash at a line's end goes on in the next one; in a template it is written twice.
      [...helpOf(name).matchAll(/^ *\$ (vultus [^`\n]*)/gm)].map((match) => ({
        where: `src/cli/${name}`,
        ...{ text: match[1]!, whole: true },
      })),
    );
  return [...typed, ...mentioned, ...helped]
    .filter(({ text }) => text.startsWith('vultus '))
    .map(({ where, text, whole }) => ({ where, words: wordsOf(text).slice(1), whole }));
}

/** Why vultus would refuse the line before it looks at any file; `undefined`: it would not. */
function refusal({ words, whole }: Omit<CommandLine, 'where'>): string | undefined {
  // A new tree each time: parsing leaves values in it.
  let command: Command = buildProgram(new AbortController().signal);
  let rest = words;
  while (command.commands.length > 0 && rest[0] !== undefined && !rest[0].startsWith('-')) {
    const next = command.commands.find((sub) => sub.name() === rest[0] || sub.aliases().includes(rest[0]!));
    if (!next) return `no command ${rest[0]}`;
    [command, rest] = [next, rest.slice(1)];
  }
  try {
    const { operands, unknown } = command.parseOptions(rest.filter((word) => word !== '--help'));
    if (unknown.length > 0) return `no option ${unknown[0]}`;
    if (!whole) return undefined;
    const missing = command.options.find((option) => {
      return option.mandatory && command.getOptionValue(option.attributeName()) === undefined;
    });
    if (missing) return `without ${missing.long}`;
    for (const [i, argument] of command.registeredArguments.entries()) {
      if (argument.required && operands[i] === undefined) return `without ${argument.name()}`;
      if (operands[i] !== undefined && argument.argChoices?.includes(operands[i]) === false) return operands[i];
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the documentation', () => {
  it('holds programs that compile; one that does not would be told with its file and line', () => {
    const programs = blocks.filter(({ language }) => language === 'ts');
    expect(programs.length).toBeGreaterThanOrEqual(5);
    const wrong = blocksOf(
      'docs/wrong.md',
      "# Title\n\n```ts\nimport { analyze } from 'vultus';\n\nanalyze(3);\n```\n",
    );
    expect(check([...programs, ...wrong])).toEqual([expect.stringMatching(/^docs\/wrong\.md:6: .*assignable/)]);
  }, 120_000);

  it('holds command lines that vultus takes, and so do the commands themselves', () => {
    const lines = commandLines();
    expect(lines.length).toBeGreaterThan(40);
    const refused = lines.flatMap((line) => {
      const why = refusal(line);
      return why === undefined ? [] : [`${line.where}: ${line.words.join(' ')}: ${why}`];
    });
    expect(refused).toEqual([]);
  });

  it('would be told of one that vultus refuses', () => {
    const why = (text: string) => refusal({ words: wordsOf(text), whole: true });
    expect(why('analyse a.mp4')).toBe('no command analyse');
    expect(why('analyze a.mp4 --into DIR')).toBe('no option --into');
    expect(why('analyze a.mp4 --window soon')).toContain('window');
    expect(why('dataset reshape --data DIR')).toBe('no command reshape');
    expect(why('train --data DIR   # and so on')).toContain('--');
    expect(why('analyze')).toContain('without');
    expect(why('completion csh')).toBe('csh');
    expect(why("analyze 'a b.mp4' --json > out.jsonl")).toBeUndefined();
  });
});
