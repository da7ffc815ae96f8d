import { readCanonical } from '../accounts/mandates/canonical.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import { signedBy } from '../accounts/mandates/signed.ts'
import { minuteOf } from '../config/china-time.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountHost } from '../login/method.ts'
import type { Signatures } from '../login/text-signatures.ts'
import { idOf } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database } from '../storage/database.ts'
import { signatureFile } from './signature-file.ts'

export interface SignatureDeps {
  centre: AccountHost
  signatures: Pick<Signatures, 'readSignature'>
  database: Database
  principals: Principals
}

const room = '/account/signatures'
const shown = 200

/** The mandates that the person signed by passkey: a list, and each as a file. */
export function signatureRoutes(router: AccountRouter, deps: SignatureDeps): void {
  const { centre, database, principals } = deps
  router.get(room, 'sign-in', async (ctx, account) => {
    const rows = await signedBy(database, account.person.id, { limit: shown })
    const names = new Map(
      await Promise.all(
        [...new Set(rows.map((row) => row.principal_id))].map(
          async (id) => [id, (await principals.view(id))?.name ?? ''] as const,
        ),
      ),
    )
    const signatures = rows.map((row) => ({
      id: row.id,
      act: row.event,
      at: minuteOf(row.at),
      role: readCanonical(row.text)?.role ?? '',
      principal: names.get(row.principal_id) ?? '',
    }))
    await centre.show(ctx, account, 'account/signatures', { signatures })
  })

  router.get(`${room}/:id`, 'sign-in', async (ctx, { person }) => {
    const id = /^\d{1,12}$/.test(idOf(ctx)) ? Number(idOf(ctx)) : 0
    const [row] = await signedBy(database, person.id, { limit: 1, id })
    if (!row) throw new Refusal('not_found', 'no signature of this person')
    ctx.set('content-disposition', `attachment; filename="yideng-signature-${row.id}.json"`)
    ctx.body = signatureFile(deps.signatures, row)
  })
}
