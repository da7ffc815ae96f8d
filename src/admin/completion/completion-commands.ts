import { command, type Command } from '../command.ts'
import { completionScript, shells, type Shell } from './completion.ts'

export const completionCommands: Command[] = [
  command({
    noun: 'completion',
    summary: "print what lets a shell complete yideng's words, and find yideng without npx",
    fields: {
      shell: {
        type: 'text',
        positional: true,
        required: true,
        choices: shells,
        placeholder: 'SHELL',
        meaning: 'bash, zsh or fish',
      },
    },
    access: { local: 'it is about the shell you type in' },
    example: 'npx yideng completion bash >> ~/.bashrc',
    async run(_desk, { shell }) {
      // not above: that table is made of this one
      const { commands } = await import('../commands.ts')
      const script = completionScript(shell as Shell, commands)
      return { ok: true, document: { shell, script }, shown: script.split('\n') }
    },
  }),
]
