import { describe, expect, it } from 'vitest'
import { approvalText } from '../../../../src/login/methods/qr/approval.ts'
import type { QrTransaction } from '../../../../src/login/methods/qr/states.ts'
import { opening } from './transaction.ts'

const transaction: QrTransaction = {
  ...opening,
  state: 'scanned',
  createdAt: 0,
  needsCode: false,
  codeRight: false,
  wrongCodes: 0,
}
const computer = { browser: 'Chrome', system: 'Windows', region: '440300', sameNetwork: true }

describe('what an approval is signed over', () => {
  it('is another text for every other id, and for each thing that the page shows', () => {
    const changed = (change: Partial<QrTransaction>) => approvalText('id', { ...transaction, ...change }, computer)
    const seen = (change: Partial<typeof computer>) => approvalText('id', transaction, { ...computer, ...change })
    const texts = [
      changed({}),
      approvalText('other', transaction, computer),
      changed({ clientId: 'other' }),
      changed({ domain: 'www.gd.gov.cn:8443' }),
      changed({ level: 4 }),
      changed({ scopes: ['openid', 'profile'] }),
      changed({ claims: ['profile'] }),
      changed({ legalPerson: true }),
      changed({ needsCode: true }),
      changed({ createdAt: 1 }),
      seen({ browser: '' }),
      seen({ system: '' }),
      seen({ region: '440100' }),
      seen({ sameNetwork: false }),
    ]
    expect(new Set(texts).size).toBe(texts.length)
    expect(changed({ scopes: ['profile', 'openid'] })).toBe(changed({ scopes: ['openid', 'profile'] }))
  })

  it('has the same number of lines for every request of a portal', () => {
    const lines = (text: string) => text.split('\n').length
    const forged = { ...transaction, scopes: ['openid\nlegal person: no'], claims: ['"]\nlevel: 2'] }
    expect(lines(approvalText('id', forged, computer))).toBe(lines(approvalText('id', transaction, computer)))
  })
})
