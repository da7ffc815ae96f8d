import { z } from 'zod'
import { restrictedAad } from '../../audit/chain.ts'
import type { Services } from '../../services.ts'
import type { Finding } from './finding.ts'

const restricted = z.object({ address: z.string() })

const signInsRead = 300
const minPeople = 20

/**
 * Warns where the latest sign-ins of many people all came from one address: probably the proxy.
 * The finding does not contain the address, which may be personal data.
 */
export async function oneAddress({ database, dataKeys: { auditCipher } }: Services): Promise<Finding[]> {
  const rows = await database
    .selectFrom('audit_events')
    .select(['sequence', 'person_id', 'restricted'])
    .where('event', '=', 'login.succeeded')
    .orderBy('at', 'desc')
    .limit(signInsRead)
    .execute()
  const people = new Set(rows.map(({ person_id: id }) => id))
  if (people.size < minPeople) return []
  const addresses = new Set(
    rows.map(({ sequence, restricted: sealed }) => {
      try {
        return restricted.parse(JSON.parse(auditCipher.open(sealed ?? '', restrictedAad(sequence)))).address
      } catch {
        return undefined // the check of the audit log reports a broken entry
      }
    }),
  )
  const what = 'addresses'
  if (addresses.size > 1) return [{ state: 'ok', what, finding: 'people come from several' }]
  const finding = `the last ${rows.length} sign-ins, of ${people.size} people, all came from one address: limits would apply to all of them together`
  const todo =
    'if that is the proxy, let it set X-Forwarded-For to the address of the browser ' +
    '(nginx: proxy_set_header X-Forwarded-For $remote_addr;) and set YIDENG_TRUST_PROXY=true'
  return [{ state: 'warn', what, finding, todo }]
}
