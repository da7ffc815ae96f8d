import {
  documentExample,
  documentHint,
  documentTypes,
  parseDocument,
  type IdentityDocument,
} from '../../../accounts/identifiers/documents.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../../../accounts/identifiers/masking.ts'
import { checkName, normaliseName } from '../../../accounts/identifiers/names.ts'
import { isChild, noticeVersion } from '../../../accounts/privacy-notice.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { UpstreamIdentity } from '../../../upstreams/upstream-client.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { openWithLink, type OpeningDeps } from './open.ts'
import { proofId, takeShown, type UpstreamProof } from './proofs.ts'
import { name } from './upstream-deps.ts'

type Problems = Readonly<Record<string, string>>

/** What a new account needs beside the link. */
export interface Newcomer {
  name: string
  document: IdentityDocument
}

/**
 * An account of an upstream that no link knows: the person signs in by a way that they have, or opens an account here. The page is the
 * same for all: it asks for no account, so it cannot reveal one.
 */
export function newcomerRoutes(router: Router, host: LoginHost, deps: OpeningDeps): void {
  const path = '/new'

  router.get(path, async (ctx) => {
    const { attempt, proof } = await shownHere(deps, host, ctx)
    show(deps, ctx, attempt, proof, {})
  })

  router.post(path, async (ctx) => {
    const { attempt, proof } = await shownHere(deps, host, ctx)
    const { form } = requestOf(ctx)
    const read = readNewcomer(deps, proof.identity, form)
    const problems = form['consent'] === 'yes' ? read.problems : { ...read.problems, consent: 'consent_required' }
    if (Object.keys(problems).length > 0 || !read.newcomer) return show(deps, ctx, attempt, proof, problems)
    const wait = await deps.opened.count(requestOf(ctx))
    if (wait > 0) {
      ctx.set('retry-after', String(wait))
      return show(deps, ctx, attempt, proof, { form: 'too_many_registrations' })
    }
    const taken = await takeShown(deps.proofs, attempt.id, form['proof'])
    if (!taken) throw new Refusal('upstream_expired', 'the form is about another account')
    return openWithLink(deps, host, ctx, { attempt, proof: taken, newcomer: read.newcomer })
  })
}

/** @throws Refusal `upstream_expired` where no account of an upstream waits in this login */
async function shownHere({ proofs, upstreams }: OpeningDeps, host: LoginHost, ctx: RouterContext) {
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, 'login')
  const proof = await proofs.read(attempt.id)
  if (!proof || !upstreams.client(proof.upstream)) throw new Refusal('upstream_expired', 'no proof in this login')
  return { attempt, proof }
}

/** What the upstream said counts; what it did not say is typed, as at a registration. */
function readNewcomer(
  { clock }: Pick<OpeningDeps, 'clock'>,
  { name: said, document }: UpstreamIdentity,
  form: Readonly<Record<string, string>>,
): { newcomer?: Newcomer; problems: Problems } {
  const named = said ?? normaliseName(form['name'] ?? '')
  const { type, number } = document ?? { type: form['document_type'] ?? '', number: form['document_number'] ?? '' }
  const parsed = parseDocument({ type, number, today: new Date(clock()) })
  const ofName = checkName(named)
  const field = !parsed.ok && parsed.problem === 'document_type_unknown' ? 'document_type' : 'document_number'
  const problems = {
    ...(ofName === undefined ? {} : { name: ofName }),
    ...(parsed.ok ? {} : { [field]: parsed.problem }),
  }
  return parsed.ok && ofName === undefined
    ? { newcomer: { name: named, document: parsed.document }, problems }
    : { problems }
}

function show(deps: OpeningDeps, ctx: RouterContext, attempt: Attempt, proof: UpstreamProof, problems: Problems): void {
  const { form, csrf, language } = requestOf(ctx)
  const { identity } = proof
  const { name: said, document, phone } = identity
  const parsed = document && parseDocument({ ...document, today: new Date(deps.clock()) })
  const status = problems['form'] === undefined ? 400 : 429
  showPage(
    ctx,
    'upstream/new',
    {
      action: pathOf(attempt, `${name}/new`),
      signInUrl: pathOf(attempt),
      cancelAction: pathOf(attempt, 'cancel'),
      csrf: csrf.call(requestOf(ctx)),
      proof: proofId(proof),
      upstream: deps.upstreams.client(proof.upstream)?.upstream.name ?? '',
      portal: attempt.portal,
      said: {
        name: said === undefined ? '' : maskName(said),
        documentType: document?.type ?? '',
        documentNumber: document === undefined ? '' : maskDocumentNumber(document.number),
        phone: phone === undefined ? '' : maskPhone(phone),
      },
      documents: document
        ? []
        : documentTypes.map((type) => ({
            type,
            hint: documentHint(type)?.[language] ?? '',
            example: documentExample(type),
          })),
      values: {
        name: form['name'] ?? '',
        document_type: form['document_type'] ?? documentTypes[0] ?? '',
        document_number: form['document_number'] ?? '',
      },
      child: parsed?.ok === true && isChild(parsed.document, deps.clock()),
      noticeVersion,
      problems,
    },
    Object.keys(problems).length > 0 ? status : 200,
  )
}
