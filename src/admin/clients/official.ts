import { officialNameIn } from '../../clients/official-names.ts'
import { isProvince } from '../../config/regions.ts'
import type { Problem } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'

/** Problems with official names (config/official-names.json): only administrators of the province may give them. */
export function officialProblems(
  { administrator }: Pick<CommandContext, 'administrator'>,
  registration: Readonly<Record<string, unknown>>,
): Problem[] {
  if (!administrator || isProvince(administrator.region)) return []
  return ['name', 'organisation'].flatMap((field) => {
    const name = registration[field]
    const official = typeof name === 'string' ? officialNameIn(name) : undefined
    if (official === undefined) return []
    return [
      { field, message: `contains the official name ${official}: only an administrator of the province may give it` },
    ]
  })
}
