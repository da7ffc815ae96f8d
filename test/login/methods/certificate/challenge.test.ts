import { createSecretKey, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createFieldCipher } from '../../../../src/keys/field-cipher.ts'
import { challengeSeconds, createChallenges } from '../../../../src/login/methods/certificate/challenge.ts'
import { openSqliteArtifacts } from '../../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../../setup/temporary.ts'

const purpose = { attempt: 'login1', clientId: 'portal1' }
const issuer = 'https://id.example'

function open(name = 'k') {
  const { clock, forward } = handClock()
  const file = join(temporaryDirectory(), 'artifacts.db')
  const ring = () => ({ keys: { [name]: { suite: 'international' as const, key } }, current: name })
  const key = createSecretKey(randomBytes(32))
  const process = () => {
    const artifacts = openSqliteArtifacts(file, clock)
    onTestFinished(() => artifacts.close())
    return {
      artifacts,
      challenges: createChallenges({ issuer, cipher: createFieldCipher(ring, () => undefined), artifacts, clock }),
    }
  }
  return { process, ...process(), forward }
}

it('is 32 random bytes for one issuer, login and portal, and no two are the same', () => {
  const { challenges } = open()
  const [one, other] = [challenges.issue(purpose), challenges.issue(purpose)]
  const lines = one.text.split('\n')
  expect(lines.slice(0, 4)).toEqual(['yideng-cert-1', issuer, 'login1', 'portal1'])
  expect(Buffer.from(lines[4] ?? '', 'base64url')).toHaveLength(32)
  expect(lines).toHaveLength(5)
  expect(other.text).not.toBe(one.text)
})

it('counts once, in two processes that get it at the same time', async () => {
  const { challenges, process } = open()
  const { ticket, text } = challenges.issue(purpose)
  const given = await Promise.all([challenges, process().challenges].map((one) => one.take(ticket, purpose)))
  expect(given.filter((one) => one !== undefined)).toEqual([text])
  expect(await challenges.take(ticket, purpose)).toBeUndefined()
})

it('counts for its own login and portal, and a try of another does not use it up', async () => {
  const { challenges } = open()
  const { ticket, text } = challenges.issue(purpose)
  expect(await challenges.take(ticket, { ...purpose, attempt: 'login2' })).toBeUndefined()
  expect(await challenges.take(ticket, { ...purpose, clientId: 'portal2' })).toBeUndefined()
  expect(await challenges.take(ticket, purpose)).toBe(text)
})

it('counts for five minutes, and no second time at their end', async () => {
  const { challenges, forward } = open()
  const [late, twice] = [challenges.issue(purpose), challenges.issue(purpose)]
  forward(challengeSeconds * 1000 - 1)
  expect(await challenges.take(twice.ticket, purpose)).toBe(twice.text)
  expect(await challenges.take(twice.ticket, purpose)).toBeUndefined()
  forward(1)
  expect(await challenges.take(late.ticket, purpose)).toBeUndefined()
})

it('cannot be made by a stranger, nor changed', async () => {
  const [{ challenges }, stranger] = [open(), open()]
  const { ticket } = challenges.issue(purpose)
  const faulty = [
    '',
    'x',
    `${ticket.slice(0, 40)}${ticket[40] === 'A' ? 'B' : 'A'}${ticket.slice(41)}`,
    ticket.slice(0, -2),
    'A'.repeat(5000),
    stranger.challenges.issue(purpose).ticket,
  ]
  for (const one of faulty) expect(await challenges.take(one, purpose)).toBeUndefined()
})
