import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { completionScript, shells } from './completion.js';

function program(): Command {
  const root = new Command('tool').version('1').helpCommand(false);
  root.command('analyze').description("tell what's there").option('--out <dir>', 'where').option('-q, --quiet', 'less');
  const data = root.command('dataset').description('data');
  data.command('prepare').description('make it').option('--from <dir>', 'source');
  return root;
}

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;

/** What bash offers for these words, the last being the one under the cursor. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', program())}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _tool; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

describe('completion', () => {
  it.skipIf(!has('bash'))('of bash offers commands, their options and no others', () => {
    expect(offered('tool', '')).toEqual(['analyze', 'dataset', '--version', '-V', '--help', '-h']);
    expect(offered('tool', 'da')).toEqual(['dataset']);
    expect(offered('tool', 'analyze', 'x.mp4', '--')).toEqual(['--out', '--quiet', '--help']);
    expect(offered('tool', 'dataset', '')).toEqual(['prepare', 'help', '--help', '-h']);
    expect(offered('tool', 'dataset', 'prepare', '--f')).toEqual(['--from']);
    expect(offered('tool', 'analyze', 'some.mp4')).toEqual(['']);
  });

  it.each(shells)('of %s names every command and option, and is read by the shell where there is one', (shell) => {
    const script = completionScript(shell, program());
    for (const word of ['analyze', 'dataset', 'prepare', 'out', 'quiet', 'from']) expect(script).toContain(word);
    if (!has(shell)) return console.warn(`no ${shell} here: its script is not run`);
    const { stderr, status } = spawnSync(
      shell,
      shell === 'fish' ? ['--no-execute', '-c', script] : ['-n', '-c', script],
    );
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
    return undefined;
  });
});
