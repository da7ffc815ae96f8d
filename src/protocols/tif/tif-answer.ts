import type { PortalAnswer } from '../../oidc/legacy-requests.ts'

const known = ['code', 'state', 'error'] as const

/** A portal of this protocol knows `code`, its own `state`, and that it did not work. */
export function tifAnswer({ uri, fields }: PortalAnswer): PortalAnswer {
  const kept = known.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]] as const]))
  return { uri, fields: Object.fromEntries(kept) }
}
