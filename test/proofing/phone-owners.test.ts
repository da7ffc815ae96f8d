import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { createOutbound } from '../../src/guards/outbound.ts'
import { signQuestion, signVerdict, webhookPhoneOwners } from '../../src/proofing/phone-owners.ts'
import { afterFile } from '../setup/after-file.ts'
import { openTestServices } from '../setup/test-services.ts'

const secret = 'a-secret-both-sides-know-and-nobody-else'
const claim = {
  phone: '+8613800138041',
  documentType: 'resident_id',
  documentNumber: '44030019900307041X',
  name: '陈小明',
}

describe('the embedded register of numbers', () => {
  it('knows the one owner of a number, and no other', async () => {
    const { services } = await openTestServices()
    const { phoneRegister: register, database } = services
    const add = (documentNumber: string) =>
      database.transaction().execute((within) => register.add(within, [{ ...claim, documentNumber }]))
    expect(await register.isOwner(claim)).toBe('no_match')
    await add(claim.documentNumber)
    expect(await register.isOwner(claim)).toBe('match')
    expect(await register.isOwner({ ...claim, phone: '+8613800138042' })).toBe('no_match')
    expect(await register.isOwner({ ...claim, documentType: 'hk_macao_permit' })).toBe('no_match')
    // the number has another owner now
    await add('440300199003070428')
    expect(await register.isOwner(claim)).toBe('no_match')
    const rows = await database.selectFrom('phone_register').selectAll().execute()
    expect(JSON.stringify(rows)).not.toMatch(/138001380|4403001990/)
  })

  it('is asked only where the settings name it', async () => {
    const { services } = await openTestServices()
    await services.database.transaction().execute((within) => services.phoneRegister.add(within, [claim]))
    expect(await services.phoneOwners.isOwner(claim)).toBe('no_match')
  })
})

type Answer = (question: { nonce: string }) => { status?: number; body: string } | undefined

describe('the carriers behind a webhook', () => {
  let url: string
  let answer: Answer
  const signed = (nonce: string, result: string) =>
    JSON.stringify({ nonce, result, signature: signVerdict(secret, { nonce, result }) })

  beforeAll(async () => {
    const server = createServer((incoming, response) => {
      let body = ''
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
      incoming.on('end', () => {
        expect(incoming.headers['x-yideng-signature']).toBe(signQuestion(secret, body))
        const { nonce, ...asked } = JSON.parse(body) as { nonce: string }
        expect(asked).toEqual({
          phone: claim.phone,
          document_type: claim.documentType,
          document_number: claim.documentNumber,
          name: claim.name,
        })
        const { status = 200, body: text } = answer({ nonce }) ?? {}
        if (text !== undefined) response.writeHead(status).end(text)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    afterFile(() => {
      server.closeAllConnections()
      server.close()
    })
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })

  let asked = 0
  const owners = () => {
    const fetch = createOutbound({ allowed: () => true, patienceMs: 300, readsPosts: true })
    return webhookPhoneOwners(fetch, { url, secret }, () => `nonce ${(asked += 1)}`)
  }

  it.each(['match', 'no_match'])('says %s', async (result) => {
    answer = ({ nonce }) => ({ body: signed(nonce, result) })
    expect(await owners().isOwner(claim)).toBe(result)
  })

  let earlier = ''
  it.each<[string, Answer]>([
    ['does not answer', () => undefined],
    ['fails', () => ({ status: 500, body: 'out of order' })],
    [
      'answers without a signature',
      ({ nonce }) => ({ body: JSON.stringify({ nonce, result: 'match', signature: '' }) }),
    ],
    ['signs another result', ({ nonce }) => ({ body: signed(nonce, 'no_match').replace('no_match', 'match') })],
    [
      'repeats an earlier answer',
      () => {
        earlier ||= signed('nonce 1', 'match')
        return { body: earlier }
      },
    ],
    ['answers something else', ({ nonce }) => ({ body: signed(nonce, 'maybe') })],
  ])('that %s is no match', async (_what, given) => {
    answer = given
    expect(await owners().isOwner(claim)).toBe('unreachable')
  })
})
