import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalText } from '../../../../src/accounts/mandates/canonical.ts'
import {
  challengeOf,
  verifySignature,
  readSignature,
  writeSignature,
} from '../../../../src/login/methods/passkey/passkey-signature.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'

const issuer = 'https://login.example'
const nonce = 'n'.repeat(43)
const text = canonicalText(
  'offer',
  {
    id: 'm1',
    principalId: 'p1',
    personId: null,
    role: 'handler',
    matters: ['tax.filing'],
    notBefore: 0,
    expiresAt: 1000,
    grantedBy: 'g1',
    parentId: null,
    state: 'offered',
  },
  'key',
)

const before = (used: string, over: string) => createHash('sha256').update(`${used}\n${over}`).digest('base64url')

/** A signature over a text, of the format of now or of the one before. */
function sign(version: 1 | 2, over = text, used = nonce) {
  const authenticator = new SoftwareAuthenticator(issuer)
  authenticator.create({ challenge: 'x', rp: { id: 'login.example' }, user: { id: 'u' } })
  const publicKey = authenticator.credentials[0]?.publicKey ?? ''
  const challenge = version === 2 ? challengeOf(used, over) : before(used, over)
  const { id: credentialId, response } = authenticator.get({ challenge, rpId: 'login.example' })
  const { userHandle: _handle, ...assertion } = response
  const proof = { nonce: used, rpId: 'login.example', origin: issuer, credentialId, publicKey, ...assertion }
  return version === 2 ? writeSignature(proof) : JSON.stringify({ version: 1, ...proof })
}

async function isOver(over: string, stored: string) {
  const proof = readSignature(stored)
  return proof !== undefined && verifySignature(over, proof)
}

describe.each([1, 2] as const)('a signature of version %i', (version) => {
  it('is one over its text, and says its version', async () => {
    expect(await isOver(text, sign(version))).toBe(true)
    expect(readSignature(sign(version))?.version).toBe(version)
  })

  it('holds for no suffix, prefix or other text, also where text and nonce exchange characters', async () => {
    const stored = sign(version)
    const lines = text.split('\n')
    const whole = JSON.parse(stored) as { nonce: string }
    for (let cut = 1; cut < lines.length; cut += 1) {
      const [head, tail] = [lines.slice(0, cut).join('\n'), lines.slice(cut).join('\n')]
      const shifted = JSON.stringify({ ...whole, nonce: `${nonce}\n${head}` })
      expect(await isOver(tail, shifted), `suffix after line ${cut}`).toBe(false)
      expect(await isOver(tail, stored)).toBe(false)
      expect(await isOver(head, stored)).toBe(false)
    }
    for (const at of [1, 20, 42]) {
      const moved = JSON.stringify({ ...whole, nonce: nonce.slice(0, at) })
      expect(await isOver(`${nonce.slice(at)}\n${text}`, moved), `nonce of ${at}`).toBe(false)
    }
  })

  it('is none with a nonce of another length, also where it was signed so', async () => {
    for (const used of ['', 'n', 'n'.repeat(42), 'n'.repeat(44), `${'n'.repeat(43)}\n`, `${'n'.repeat(42)}+`]) {
      expect(await isOver(text, sign(version, text, used)), JSON.stringify(used)).toBe(false)
    }
  })

  it('is none of the other version, by another key, or made elsewhere', async () => {
    const whole = JSON.parse(sign(version)) as Record<string, unknown>
    const others = [
      { version: 3 - version },
      { version: 3 },
      { publicKey: (JSON.parse(sign(version)) as { publicKey: string }).publicKey },
      { origin: 'https://elsewhere.example' },
      { rpId: 'elsewhere.example' },
      { more: 'than there is' },
    ]
    for (const other of others) expect(await isOver(text, JSON.stringify({ ...whole, ...other }))).toBe(false)
    for (const none of ['', '{}', 'null', '[', '"x"']) expect(readSignature(none)).toBeUndefined()
  })
})
