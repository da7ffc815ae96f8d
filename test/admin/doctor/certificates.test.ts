import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { certificateFile } from '../../../src/admin/doctor/certificates.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { certificateFiles } from '../../setup/certificate-login.ts'

const day = 86_400_000

it('reports the file of the CAs: used, soon over, or wrong', async () => {
  const { file, at } = await certificateFiles()
  const look = (given: string, now = Date.now()) => certificateFile(readSettings({ YIDENG_CERT_CAS: given }), now)
  const what = 'certificate authorities'
  expect(look(file)).toEqual([{ state: 'ok', what, finding: file }])
  // they are valid for 90 days
  expect(look(file, Date.now() + 70 * day)).toEqual([
    {
      state: 'warn',
      what,
      finding: expect.stringContaining('gd: a certificate of its file'),
      todo: expect.any(String),
    },
  ])
  writeFileSync(at('wrong.json'), '{}')
  expect(look(at('wrong.json'))).toEqual([
    { state: 'fail', what, finding: expect.stringContaining('YIDENG_CERT_CAS'), todo: expect.any(String) },
  ])
  expect(look('')).toEqual([])
})
