import { z } from 'zod'
import { openCheckpoint } from '../../audit/old-checkpoints.ts'
import { openRoot } from '../../audit/roots.ts'
import { createVerifierOfStore } from '../../keys/document-signatures.ts'
import type { Services } from '../../services.ts'
import type { CommandContext } from '../command-context.ts'
import { signingKeyStates } from '../keys/signing-key-states.ts'
import type { Finding } from './finding.ts'

const timeoutMs = 3000
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) })

const ask = (url: string) =>
  fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' }).catch(() => undefined)

/** The ids of the keys in an answer; undefined for another document. */
const keyIdsOf = async (answer: Response | undefined) =>
  keySet.safeParse(await answer?.json().catch(() => undefined)).data?.keys.map(({ kid }) => kid)

/** Checks that the public address is answered by a Yideng with these keys. No finding where there is no answer. */
export async function answering(context: CommandContext): Promise<Finding[]> {
  const { issuer, host, port, keysDir } = await context.settings()
  const what = 'public address'
  const answer = await ask(`${issuer}/jwks`)
  if (!answer) return []
  const published = await keyIdsOf(answer)
  if (!published) {
    const finding = `the answer at ${issuer} is not from a Yideng (status ${answer.status})`
    const todo = `start the server, and let the proxy forward all requests of this name to ${host}:${port}`
    return [{ state: 'fail', what, finding, todo }]
  }
  // keys of SM2 have a set of their own, and a server without them has none
  const there = new Set([...published, ...((await keyIdsOf(await ask(`${issuer}/jwks-gm`))) ?? [])])
  const signing = (await signingKeyStates(context)).filter(({ state }) => state === 'signs')
  if (signing.every(({ key }) => there.has(key.kid)))
    return [{ state: 'ok', what, finding: `${issuer} answers, with these keys` }]
  const finding = `${issuer} is answered by a Yideng of other signing keys than those in ${keysDir}: portals would refuse the tokens of one of them`
  const todo =
    'let the proxy forward to this server only; several machines share PostgreSQL, Redis and data.json (docs/deploy.md)'
  return [{ state: 'fail', what, finding, todo }]
}

/** A passkey works for one host name: that of the issuer at its registration, which the checkpoints of that time contain. */
export async function passkeysOfIssuer(services: Services): Promise<Finding[]> {
  const { database, settings } = services
  const { oldest, many } = await database
    .selectFrom('authenticators')
    .where('kind', '=', 'passkey')
    .select(({ fn }) => [fn.min('created_at').as('oldest'), fn.countAll<number>().as('many')])
    .executeTakeFirstOrThrow()
  if (!many) return []
  const then = await firstCheckpointAfter(services, oldest)
  if (!then) return []
  const what = 'passkeys'
  const [before, now] = [then.iss, settings.issuer].map((address) => new URL(address).hostname)
  if (before === now) return [{ state: 'ok', what, finding: `made for ${now}` }]
  const finding = `passkeys were made for ${before} and do not work at ${now}; ${many} are stored`
  const todo = `set YIDENG_ISSUER back to ${then.iss}; otherwise every person must sign in another way and register a new passkey`
  return [{ state: 'fail', what, finding, todo }]
}

/** The first checkpoint after a time; of the version with one chain, where there is one. */
async function firstCheckpointAfter(services: Services, at: number) {
  const { database } = services
  const verify = await createVerifierOfStore(services)
  const first = (table: 'audit_checkpoints' | 'audit_roots') =>
    database.selectFrom(table).select('signed').where('at', '>=', at).orderBy('at').limit(1).executeTakeFirst()
  const old = await first('audit_checkpoints')
  if (old) return openCheckpoint(verify, old.signed)
  const root = await first('audit_roots')
  return root && openRoot(verify, root.signed)
}
