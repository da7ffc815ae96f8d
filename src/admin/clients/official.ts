import { officialNameIn } from '../../clients/official-names.ts'
import { isProvince } from '../../config/regions.ts'
import type { Problem } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'

/** What keeps an administrator from giving these names: official ones are the province's to give (config/official-names.json). */
export function officialProblems(
  { administrator }: Pick<CommandContext, 'administrator'>,
  registration: Readonly<Record<string, unknown>>,
): Problem[] {
  if (!administrator || isProvince(administrator.region)) return []
  return ['name', 'organisation'].flatMap((field) => {
    const name = registration[field]
    const official = typeof name === 'string' ? officialNameIn(name) : undefined
    if (official === undefined) return []
    return [{ field, message: `holds the official name ${official}: an administrator of the province may give it` }]
  })
}
