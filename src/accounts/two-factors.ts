import type { TwoFactorGroup } from '../config/settings/accounts.ts'
import { loginMethods } from '../login-methods.ts'
import type { Database } from '../storage/database.ts'

/** Whether a password alone is too little for a person, by the settings. */
export interface TwoFactors {
  needed(personId: string): Promise<boolean>
  /** Whether the person has an authenticator that brings the second factor, or replaces the password; held ones do not count. */
  has(personId: string): Promise<boolean>
}

/** A token, or what only its holder can use, as a passkey. */
const factorKinds = loginMethods
  .filter((method) => 'secondFactor' in method || method.bindsToFace)
  .map(({ name }): string => name)

const isAdministrator = (database: Database, personId: string) =>
  database.selectFrom('administrators').select('person_id').where('person_id', '=', personId).executeTakeFirst()

/** A legal representative, or a manager or handler by mandate; a suspended mandate counts, too. */
async function isRepresentative(database: Database, personId: string) {
  const own = await database
    .selectFrom('legal_persons')
    .select('id')
    .where('owner_id', '=', personId)
    .executeTakeFirst()
  if (own) return own
  return database
    .selectFrom('mandates')
    .select('id')
    .where('person_id', '=', personId)
    .where('role', 'in', ['manager', 'handler'])
    .where('state', 'in', ['active', 'suspended'])
    .executeTakeFirst()
}

const groups: Record<TwoFactorGroup, (database: Database, personId: string) => Promise<object | undefined>> = {
  administrators: isAdministrator,
  representatives: isRepresentative,
}

/** `required`: the groups of the settings. The groups are read at each sign-in. */
export function createTwoFactors({
  database,
  required,
}: {
  database: Database
  required: readonly TwoFactorGroup[]
}): TwoFactors {
  return {
    async needed(personId) {
      for (const group of required) if (await groups[group](database, personId)) return true
      return false
    },
    async has(personId) {
      const found = await database
        .selectFrom('authenticators')
        .select('id')
        .where('person_id', '=', personId)
        .where('kind', 'in', factorKinds)
        .where('held_at', 'is', null)
        .executeTakeFirst()
      return found !== undefined
    },
  }
}
