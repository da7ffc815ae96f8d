import { expect, it } from 'vitest'
import { checkpointFileOf, createCheckpoints } from '../../src/audit/checkpoints.ts'
import { checkReceipt } from '../../src/audit/receipts.ts'
import { createSigner, createVerifier } from '../../src/keys/signatures.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

it('gives a person the receipt of their own sign-in, and nobody another’s', async () => {
  const server = await startServer()
  const house = await server.house()
  const keysDir = server.environment['YIDENG_KEYS_DIR'] ?? ''
  const enter = async () => {
    const person = await openPerson(house)
    const visitor = new Visitor(server.issuer)
    await signIn(visitor, await visitor.get('/account'), person.username)
    return { person, visitor }
  }
  const [one, other] = [await enter(), await enter()]
  const { sequence } = await house.database
    .selectFrom('audit_events')
    .select('sequence')
    .where('person_id', '=', one.person.id)
    .where('event', '=', 'login.succeeded')
    .executeTakeFirstOrThrow()
  const path = `/account/receipts/${sequence}`
  expect((await one.visitor.get(path)).status).toBe(404) // nothing is signed yet
  const sign = createSigner(keysDir, Date.now)
  const file = checkpointFileOf(server.dataDir)
  await createCheckpoints({ database: house.database, issuer: server.issuer, sign, clock: Date.now, file }).make()

  const answer = await one.visitor.get(path)
  expect(answer.headers.get('content-disposition')).toContain('attachment')
  const check = await checkReceipt(createVerifier(keysDir, Date.now), JSON.parse(answer.html))
  expect(check).toMatchObject({ holds: true, entry: { sequence, person_id: one.person.id } })

  expect((await other.visitor.get(path)).status).toBe(404)
  expect((await one.visitor.get('/account/receipts/1e3')).status).toBe(404)
  expect((await new Visitor(server.issuer).get(path)).html).toContain('name="password"')
})
