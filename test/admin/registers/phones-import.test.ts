import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkCharacter } from '../../../src/accounts/identifiers/gb11643.ts'
import { commandLine } from '../../cli/in-process.ts'

const numberOf = (serial: string) => `44030519900307${serial}${checkCharacter(`44030519900307${serial}`)}`
const [owner, other] = [numberOf('001'), numberOf('002')]
const head = 'phone,document_type,document_number'

function importing(rows: string[]) {
  const line = commandLine()
  const file = join(line.directory, 'phones.csv')
  writeFileSync(file, [head, ...rows].join('\n'))
  const isOwner = (phone: string, documentNumber: string) =>
    line.withServices(({ phoneRegister }) =>
      phoneRegister.isOwner({ phone, documentType: 'resident_id', documentNumber, name: '张三' }),
    )
  return { run: () => line.yideng('register', 'import', file, '--kind', 'phones', '--json'), isOwner }
}

it('imports whose a number is, in any spelling of the number', async () => {
  const { run, isOwner } = importing([`138 0013 8041,resident_id,${owner}`, `+86 13800138000,resident_id,${other}`])
  expect(await run()).toMatchObject({ code: 0 })
  expect(await isOwner('+8613800138041', owner)).toBe('match')
  expect(await isOwner('+8613800138000', other)).toBe('match')
  expect(await isOwner('+8613800138041', other)).toBe('no_match')
})

it('refuses rows that are no number, no document, or say two owners of one number; none is shown', async () => {
  const { run, isOwner } = importing([
    `12345,resident_id,${owner}`,
    '13800138041,resident_id,44030519900307',
    `13900139000,resident_id,${owner}`,
    `139-0013-9000,resident_id,${other}`,
  ])
  const { code, out, err } = await run()
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ imported: 0, refused_count: 4 })
  expect(out + err).not.toMatch(/13900139000|44030519/)
  expect(await isOwner('+8613900139000', owner)).toBe('no_match')
})
