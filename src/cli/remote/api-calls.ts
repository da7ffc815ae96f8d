import * as openid from 'openid-client'
import { z } from 'zod'
import type { Command } from '../../admin/command.ts'
import type { Input } from '../../admin/fields.ts'
import { failed, type Outcome } from '../../admin/outcome.ts'
import { apiPath } from '../../admin/remote/api-path.ts'
import type { SavedSignIn } from './saved-sign-in.ts'
import { proofsOf, type Connection } from './command-line-sign-in.ts'

const answerSchema = z.object({
  document: z.unknown(),
  shown: z
    .union([
      z.array(z.string()),
      z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))) }),
    ])
    .optional(),
  notes: z.array(z.string()).optional(),
  raw: z.array(z.string()).optional(),
  link: z.string().optional(),
  fault: z.string().optional(),
})

const problemSchema = z.object({
  kind: z.enum(['invalid', 'not_found', 'forbidden', 'failed']),
  title: z.string().optional(),
  problems: z.array(z.object({ field: z.string().optional(), message: z.string() })).optional(),
  reference: z.string().optional(),
})

/** Sends a command to the administrators' API (src/admin/remote/admin-api.ts). */
export async function callCommand(
  connection: Connection,
  command: Command,
  input: Input,
  signIn: SavedSignIn,
): Promise<Response> {
  const { config, server } = connection
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json' })
  const url = new URL(apiPath(command), server)
  const DPoP = await proofsOf(connection, signIn)
  return openid
    .fetchProtectedResource(config, signIn.accessToken, url, 'POST', JSON.stringify(input), headers, { DPoP })
    .catch((error: unknown) => {
      if (error instanceof openid.WWWAuthenticateChallengeError) return error.response
      throw error
    })
}

export async function outcomeOf(response: Response): Promise<Outcome> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) {
    const { document, shown, notes, raw, link, fault } = answerSchema.parse(body)
    return {
      ok: true,
      document,
      ...(shown === undefined ? {} : { shown }),
      ...(notes === undefined ? {} : { notes }),
      ...(raw === undefined ? {} : { raw }),
      ...(link === undefined ? {} : { link }),
      ...(fault === undefined ? {} : { fault }),
    }
  }
  const problem = problemSchema.safeParse(body)
  if (!problem.success) return failed(`The server answered ${response.status}.`)
  const { kind, title, problems, reference } = problem.data
  const named = problems?.map(({ field, message }) => (field === undefined ? { message } : { field, message }))
  const reason = `The server answered ${response.status} ${title ?? ''}${reference ? `, reference ${reference}` : ''}`
  return { ok: false, kind, problems: named ?? [{ message: reason }] }
}
