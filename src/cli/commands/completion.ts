/** `vultus completion`: what a shell needs to complete commands and options. */
import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion.js';
import { print } from '../output.js';

const examples = `
Examples:
  $ source <(vultus completion bash)                  now; in ~/.bashrc, for good
  $ source <(vultus completion zsh)                   the same for zsh, after compinit
  $ vultus completion fish > ~/.config/fish/completions/vultus.fish`;

export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .description('print a completion script for a shell')
    .addHelpText('after', examples)
    .action(async (shell: Shell) => print(completionScript(shell, program).trimEnd()));
}
