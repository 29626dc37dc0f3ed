/** Completion scripts for shells, made from commander's own tree of commands. */
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** One command: the words that lead to it, and what may follow. */
interface Node {
  path: string[];
  commands: { name: string; description: string }[];
  options: { names: string[]; description: string }[];
}

/** The script to be sourced by the shell. Where nothing of vultus fits, files are completed. */
export function completionScript(shell: Shell, program: Command): string {
  const nodes = nodesOf(program, []);
  return { bash, zsh, fish }[shell](program.name(), nodes);
}

function nodesOf(command: Command, path: string[]): Node[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const names = ({ short, long }: Option) => [long, short].filter((name) => name !== undefined);
  const node: Node = {
    path,
    commands: subcommands.map((sub) => ({ name: sub.name(), description: help.subcommandDescription(sub) })),
    options: help.visibleOptions(command).map((option) => ({ names: names(option), description: option.description })),
  };
  return [node, ...subcommands.flatMap((sub) => nodesOf(sub, [...path, sub.name()]))];
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const functionName = (program: string) => `_${program.replaceAll(/\W/g, '_')}`;

/** Shell lines that leave in `at` the path of the command that the words before the cursor name. */
function findPath(nodes: readonly Node[], first: number, last: string, words: string): string {
  const known = nodes.filter(({ path }) => path.length > 0);
  const patterns = known.map(({ path }) => quoted(`${path.slice(0, -1).join(' ')}/${path.at(-1)}`));
  return `  local at= i
  for ((i = ${first}; i < ${last}; i++)); do
    case "$at/\${${words}[i]}" in
      ${patterns.join('|')}) at="\${at:+$at }\${${words}[i]}" ;;
    esac
  done`;
}

function bash(program: string, nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, commands, options }) => {
    const words = [...commands.map(({ name }) => name), ...options.flatMap(({ names }) => names)];
    return `    ${quoted(path.join(' '))}) words=${quoted(words.join(' '))} ;;`;
  });
  return `# bash completion of ${program}: source <(${program} completion bash)
${functionName(program)}() {
${findPath(nodes, 1, 'COMP_CWORD', 'COMP_WORDS')}
  local words=
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${functionName(program)} ${program}
`;
}

function zsh(program: string, nodes: readonly Node[]): string {
  const entry = (name: string, description: string) => quoted(`${name.replaceAll(':', '\\:')}:${description}`);
  const cases = nodes.map(({ path, commands, options }) => {
    const words = [
      ...commands.map(({ name, description }) => entry(name, description)),
      ...options.flatMap(({ names, description }) => names.map((name) => entry(name, description))),
    ];
    return `    ${quoted(path.join(' '))}) entries=(${words.join(' ')}) ;;`;
  });
  return `#compdef ${program}
# zsh completion of ${program}: source <(${program} completion zsh)
${functionName(program)}() {
${findPath(nodes, 2, 'CURRENT', 'words')}
  local -a entries
  case "$at" in
${cases.join('\n')}
  esac
  _describe ${program} entries
  _files
}
compdef ${functionName(program)} ${program}
`;
}

function fish(program: string, nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const inside = path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    const outside =
      commands.length > 0 ? `not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}` : '';
    const when = (...conditions: string[]) => {
      const all = conditions.filter((condition) => condition !== '').join('; and ');
      return `complete -c ${program}${all === '' ? '' : ` -n ${quoted(all)}`}`;
    };
    return [
      ...commands.map(({ name, description }) => `${when(inside, outside)} -a ${name} -d ${quoted(description)}`),
      ...options.map(({ names, description }) => {
        const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
        return `${when(inside, outside)} ${flags.join(' ')} -d ${quoted(description)}`;
      }),
    ];
  });
  return `# fish completion of ${program}: ${program} completion fish | source\n${lines.join('\n')}\n`;
}
