import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { auditEvents } from '../../audit/audit-events.ts'
import type { EntryFilter } from '../../audit/reading.ts'
import {
  createVerifier,
  createVerifierOfStore,
  verifierOver,
  type VerifyDocument,
} from '../../keys/document-signatures.ts'
import { publicKeyOf } from '../../keys/recorded-keys.ts'
import type { CommandContext } from '../command-context.ts'
import type { Input } from '../fields.ts'
import { personField, withPersonIn } from '../persons/which-person.ts'
import type { Problem } from '../outcome.ts'

/** Selects entries. */
export const filterFields = {
  person: {
    ...personField,
    meaning: 'only entries about this person: id of the account, document number, phone or username',
  },
  portal: { type: 'text', placeholder: 'ID', meaning: 'only entries about this portal' },
  event: {
    type: 'text',
    placeholder: 'NAME',
    meaning: 'only this event, such as login.refused, or login for all of them',
  },
  since: {
    type: 'text',
    placeholder: 'TIME',
    meaning: 'not before: 2026-11-24 (begins in UTC) or 2026-11-24T08:00:00+08:00',
  },
  until: { type: 'text', placeholder: 'TIME', meaning: 'before, in the same form' },
} as const

export const restrictedField = {
  type: 'boolean',
  local: true,
  meaning: 'with network address and browser, which are personal data: reading them is audited',
} as const

/** The filters with the id of the person. */
export const resolveFilter = (context: CommandContext, input: Input, name: string) =>
  withPersonIn(context, input, 'person', name)

type Filters = Partial<Record<keyof typeof filterFields, string | undefined>>

const time = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).transform((text) => Date.parse(text))
const eventNames = new Set([...Object.keys(auditEvents), ...Object.keys(auditEvents).map((name) => name.split('.')[0])])

export function readFilter(input: Filters): { ok: true; filter: EntryFilter } | { ok: false; problems: Problem[] } {
  const problems: Problem[] = []
  const read = (field: 'since' | 'until') => {
    const given = input[field]
    if (given === undefined) return undefined
    const parsed = time.safeParse(given)
    if (!parsed.success) problems.push({ field, message: `${JSON.stringify(given)} must be a time such as 2026-11-24` })
    return parsed.data
  }
  const filter = {
    personId: input.person,
    clientId: input.portal,
    event: input.event,
    since: read('since'),
    until: read('until'),
  }
  if (input.event !== undefined && !eventNames.has(input.event)) {
    problems.push({ field: 'event', message: `${JSON.stringify(input.event)} is no kind of event` })
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, filter }
}

/** The filters of a command, for the audit log. */
export const filterDetails = (input: Filters) =>
  Object.fromEntries(Object.keys(filterFields).map((name) => [name, input[name as keyof typeof filterFields]]))

export const keysField = {
  type: 'json',
  placeholder: 'FILE',
  meaning: 'public keys to check with, as a JSON Web Key Set; default: the keys of this Yideng',
} as const

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) })

/** @returns undefined where `keys` is not a key set */
export async function verifierOf(context: CommandContext, keys: unknown): Promise<VerifyDocument | undefined> {
  if (keys === undefined) {
    const settings = await context.settings()
    try {
      return await createVerifierOfStore(await context.services())
    } catch (error) {
      // an opened store brings them; without a store, those of the key file check a receipt or a copy
      if (!existsSync(join(settings.keysDir, 'signing.json'))) throw error
      return createVerifier(settings, context.clock)
    }
  }
  const read = keySet.safeParse(keys)
  if (!read.success) return undefined
  try {
    const opened = read.data.keys.map((key) => [key.kid, publicKeyOf(key)] as const)
    return verifierOver(Object.fromEntries(opened))
  } catch {
    return undefined
  }
}

export const notKeys: Problem = { field: 'keys', message: 'is not a JSON Web Key Set of public keys' }
