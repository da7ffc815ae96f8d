import { completionScript, shells, type Shell } from './shell-scripts.ts'
import { allCommands } from '../commands.ts'
import { command } from '../command.ts'

export default command({
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
  access: { local: 'it is for the shell that you type in' },
  example: 'npx yideng completion bash >> ~/.bashrc',
  async run(_context, { shell }) {
    const script = completionScript(shell as Shell, await allCommands())
    return { ok: true, document: { shell, script }, raw: script.split('\n') }
  },
})
