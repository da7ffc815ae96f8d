import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { addSigningKeys, openSigningKeys, retireSigningKeys } from '../../src/keys/signing-keys.ts'
import { signedIn } from '../setup/signed-in.ts'
import { startServer, until } from '../setup/server.ts'

it('a running server follows the key files at once, and older tokens stay valid', async () => {
  const server = await startServer()
  const services = await server.services()
  const keysDir = server.environment['YIDENG_KEYS_DIR'] ?? ''
  const published = async () => {
    const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: { kid: string }[] }
    return keys.map(({ kid }) => kid)
  }
  const verify = (token: string | undefined) =>
    jwtVerify(token ?? '', createRemoteJWKSet(new URL(`${server.issuer}/jwks`)), { issuer: server.issuer })
  const before = await signedIn(services)
  const old = openSigningKeys(keysDir, Date.now)

  const waiting = addSigningKeys(keysDir, Date.now, Date.now() + 86_400_000)
  await services.keysChanged()
  await until(async () => (await published()).length === 4)
  const during = await signedIn(services)
  expect(waiting).not.toContain(decodeProtectedHeader(during.tokens.id_token ?? '').kid)

  const added = addSigningKeys(keysDir, Date.now, Date.now())
  await services.keysChanged()
  await until(async () => (await published()).length === 6)
  const after = await signedIn(services)
  expect(added).toContain(decodeProtectedHeader(after.tokens.id_token ?? '').kid)
  await verify(after.tokens.id_token)
  await verify(before.tokens.id_token)

  retireSigningKeys(keysDir, Date.now, new Set(old.map(({ kid }) => kid)))
  await services.keysChanged()
  await until(async () => (await published()).length === 4)
  await expect(verify(before.tokens.id_token)).rejects.toThrow()
  await verify(after.tokens.id_token)
  expect(server.output()).not.toContain('"level":50')
})
