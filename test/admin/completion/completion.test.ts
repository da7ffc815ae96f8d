import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { allCommands } from '../../../src/admin/commands.ts'
import { completionScript } from '../../../src/admin/completion/shell-scripts.ts'

const commands = await allCommands()

/** The words that a real bash offers after these. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash', commands)}
COMP_WORDS=(yideng ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _yideng; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.split('\n').filter(Boolean)
}

it('offers nouns, then verbs, then flags, then their words', () => {
  expect(offered('cl')).toEqual(['client'])
  expect(offered('client', 'su')).toEqual(['suspend'])
  expect(offered('client', 'create', '--ty')).toEqual(['--type'])
  expect(offered('client', 'create', '--type', 's')).toEqual(['spa', 'service'])
  expect(offered('person', 'create', '--pass')).toEqual(['--password-stdin'])
  expect(offered('doctor', '--')).toEqual(['--reference', '--json', '--server', '--utc', '--qr', '--help'])
  expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish', '--json', '--server', '--utc', '--qr', '--help'])
  for (const { noun, verb } of commands) expect(offered(noun, ...(verb ? [verb, '--h'] : ['--h']))).toContain('--help')
})

it('is understood by the other shells', () => {
  expect(completionScript('zsh', commands)).toContain('bashcompinit')
  const fish = completionScript('fish', commands)
  expect(fish).toContain("complete -c yideng -n '__fish_use_subcommand' -f -a client")
  expect(fish).toContain("complete -c yideng -n '__fish_seen_subcommand_from completion' -f -a zsh")
})
