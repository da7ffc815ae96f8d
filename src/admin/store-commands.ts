import { command, type Command } from './command.ts'

export const storeCommands: Command[] = [
  command({
    noun: 'migrate',
    summary: 'bring the store up to date (the server does so at its start as well)',
    fields: {},
    access: { local: 'the server does it at its start' },
    example: 'npx yideng migrate',
    async run(desk) {
      const { migrated: ran } = await desk.house()
      const shown = ran.length > 0 ? ran.map((name) => `ran ${name}`) : ['The store was up to date.']
      return { ok: true, document: { ran }, shown }
    },
  }),
  command({
    noun: 'doctor',
    summary: 'examine settings, keys, store and audit trail, and say what to do; it changes nothing',
    fields: {},
    access: { local: 'it looks at the files of the machine it runs on' },
    example: 'npx yideng doctor',
    async run(desk) {
      const { examine } = await import('./doctor.ts')
      const findings = await examine(desk)
      const failed = findings.filter(({ state }) => state === 'fail').length
      const shown = findings.flatMap(({ state, what, finding, todo }) => [
        `${state.padEnd(4)}  ${what}: ${finding}`,
        ...(todo ? [`      → ${todo}`] : []),
      ])
      const fault = failed > 0 ? `${failed === 1 ? 'One check' : `${failed} checks`} failed.` : undefined
      return { ok: true, document: { well: failed === 0, checks: findings }, shown, ...(fault ? { fault } : {}) }
    },
  }),
]
