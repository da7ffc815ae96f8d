import { documentHint, documentTypes, parseDocument } from '../accounts/identifiers/documents.ts'
import { maskDocumentNumber, maskName } from '../accounts/identifiers/masking.ts'
import { checkName, normaliseName } from '../accounts/identifiers/names.ts'
import type { Correction, NaturalPersons } from '../accounts/natural-persons.ts'
import type { Clock } from '../config/clock.ts'
import { daySeconds } from '../config/time.ts'
import { createLimits } from '../guards/limits.ts'
import type { RegisterMatches } from '../guards/register-matches.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import type { Artifacts } from '../storage/artifacts.ts'

export interface CorrectionDeps {
  centre: AccountHost
  persons: NaturalPersons
  matches: RegisterMatches
  artifacts: Artifacts
  clock: Clock
}

/** Problems by the field of the form. */
type Problems = Readonly<Record<string, string>>

const path = '/account/details/correct'
/** Corrections of one person; each may ask the register, and has an audit entry and a notice. */
const perPerson = { name: 'own-corrections', most: 10, seconds: daySeconds }
/** In UTF-16 units: more than a name has. */
const longest = 1025

/**
 * A person corrects their own name or document. The register is asked as at registration: within its limits, and a match
 * proves the account by the same rules. A number that another account has proven gets the answer for no match.
 */
export function correctionRoutes(router: AccountRouter, deps: CorrectionDeps): void {
  const limits = createLimits(deps.artifacts, deps.clock)

  router.get(path, 'change-authenticators', (ctx, account) => show(deps, ctx, account))

  router.post(path, { back: path, needs: 'change-authenticators' }, async (ctx, account) => {
    const read = readForm(deps, ctx, account)
    if ('problems' in read) return show(deps, ctx, account, read.problems)
    await limits.spend(perPerson, account.person.id)
    const problems = await correct(deps, ctx, account, read)
    return problems ? show(deps, ctx, account, problems) : redirectTo(ctx, '/account/details?done=corrected')
  })
}

const textIn = (ctx: RouterContext, field: string) => (requestOf(ctx).form[field] ?? '').trim().slice(0, longest)

/** An empty field stays as it is. */
function readForm(
  { clock }: CorrectionDeps,
  ctx: RouterContext,
  { person }: AccountContext,
): Correction | { problems: Problems } {
  const [name, number] = [normaliseName(textIn(ctx, 'name')), textIn(ctx, 'document_number')]
  const type = textIn(ctx, 'document_type') || person.row.document_type
  if (name === '' && number === '') return { problems: { name: 'correction_empty' } }
  const nameProblem = name === '' ? undefined : checkName(name)
  const document = number === '' ? undefined : parseDocument({ type, number, today: new Date(clock()) })
  const documentProblem = document && !document.ok ? document.problem : undefined
  if (nameProblem || documentProblem) {
    const field = documentProblem === 'document_type_unknown' ? 'document_type' : 'document_number'
    return {
      problems: {
        ...(nameProblem ? { name: nameProblem } : {}),
        ...(documentProblem ? { [field]: documentProblem } : {}),
      },
    }
  }
  return { name: name === '' ? undefined : name, document: document?.ok ? document.document : undefined }
}

/** Problems of the form; undefined where the record is corrected. */
async function correct(
  { persons, matches }: CorrectionDeps,
  ctx: RouterContext,
  { person }: AccountContext,
  correction: Correction,
): Promise<Problems | undefined> {
  const by = actorOf(ctx)
  const known = persons.reveal(person)
  const silent = await matches.silent({
    documentType: correction.document?.type ?? known.documentType,
    documentNumber: correction.document?.number ?? known.documentNumber,
    name: correction.name ?? known.name,
  })
  const corrected = await persons.correct(person.id, correction, { by, source: 'person', silent })
  if (corrected.ok) {
    await persons.proof(person.id, by, { silent })
    return undefined
  }
  const field = correction.name === undefined ? 'document_number' : 'name'
  const isUnchanged = corrected.problem === 'unchanged'
  return { [field]: isUnchanged ? 'correction_empty' : 'correction_not_matched' }
}

function show(
  { centre, persons }: CorrectionDeps,
  ctx: RouterContext,
  { person, session }: AccountContext,
  problems: Problems = {},
) {
  const request = requestOf(ctx)
  const { name, documentType, documentNumber } = persons.reveal(person)
  const typed = (field: string) => (ctx.method === 'POST' ? textIn(ctx, field) : '')
  const data = {
    level: person.identityLevel,
    present: { name: maskName(name), number: maskDocumentNumber(documentNumber) },
    documents: documentTypes.map((type) => ({
      type,
      hint: documentHint(type)?.[request.language] ?? '',
    })),
    values: {
      name: typed('name'),
      document_type: documentTypes.includes(typed('document_type')) ? typed('document_type') : documentType,
      document_number: typed('document_number'),
    },
    problems,
  }
  return centre.show(ctx, { person, session }, 'account/correct', data, Object.keys(problems).length > 0 ? 400 : 200)
}
