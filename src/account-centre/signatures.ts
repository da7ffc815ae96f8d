import { readCanonical } from '../accounts/mandates/canonical.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import { signedBy, type SignedRow } from '../accounts/mandates/signed.ts'
import type { AccountHost, Router } from '../login/method.ts'
import { readProof } from '../login/methods/passkey/proof.ts'
import { idOf } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database } from '../storage/database.ts'
import { minuteOf } from './mandate-pages.ts'

export interface SignatureDeps {
  database: Database
  principals: Principals
}

const room = '/account/signatures'
const shown = 200

/** How a signature of each version is checked by whoever has the file (docs/signatures.md). */
const challenges = {
  2: 'SHA-256( "yideng signature 2" || SHA-256(nonce) || SHA-256(text) )',
  1: 'SHA-256( nonce || "\\n" || text )',
}

/** What a person signed, as a file that says by itself how it is checked. */
function fileOf({ id, at, text, signature }: SignedRow) {
  const proof = readProof(signature)
  if (!proof) throw new Error(`the signature of entry ${id} of mandate_history cannot be read`)
  const { version, ...assertion } = proof
  return {
    format: `yideng signature ${version}`,
    at: new Date(at).toISOString(),
    text,
    ...assertion,
    check: [
      `clientDataJSON is JSON: its type is "webauthn.get", its origin is "${assertion.origin}", its challenge is the base64url of ${challenges[version]}, where nonce and text are the UTF-8 of the values here.`,
      'The first 32 bytes of authenticatorData are SHA-256(rpId); of its byte 32 the bits 0x01 (person present) and 0x04 (person verified) are set.',
      'signature is a signature by publicKey (a COSE key, RFC 9052) over authenticatorData || SHA-256(clientDataJSON).',
      'Whose key it is says the audit entry authenticator.added, whose field key is the base64url of SHA-256(publicKey); what the text stands for in the store is checked by: yideng audit verify-signature <mandate>.',
    ],
  }
}

/** What I signed by passkey about mandates: a list, and each as a file to keep. */
export function signatureRoutes(router: Router, centre: AccountHost, { database, principals }: SignatureDeps): void {
  router.get(room, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const rows = await signedBy(database, account.person.id, { limit: shown })
    const views = new Map(
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
      principal: views.get(row.principal_id) ?? '',
    }))
    await centre.show(ctx, account, 'account/signatures', { signatures })
  })

  router.get(`${room}/:id`, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const id = /^\d{1,12}$/.test(idOf(ctx)) ? Number(idOf(ctx)) : 0
    const [row] = await signedBy(database, account.person.id, { limit: 1, id })
    if (!row) throw new Refusal('not_found', 'no signature of this person')
    ctx.set('content-disposition', `attachment; filename="yideng-signature-${row.id}.json"`)
    ctx.body = fileOf(row)
  })
}
