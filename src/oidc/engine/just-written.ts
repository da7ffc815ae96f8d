import type { AdapterPayload } from 'oidc-provider'

/** What a portal's server asks for right after it was written, and once as a rule. */
const handedOn: ReadonlySet<string> = new Set(['AuthorizationCode', 'AccessToken'])

const mostKept = 1000
/** By the place in the store, without the id as there. */
const written = new Map<string, { text: string; payload: AdapterPayload }>()

/**
 * Spares the text being read once more. oidc-provider copies what it makes a model of and changes nothing inside; its own
 * memory adapter hands out what it was given as well.
 */
export function keepWritten(kind: string, place: string, text: string, payload: AdapterPayload): void {
  if (!handedOn.has(kind)) return
  if (written.size >= mostKept) written.clear()
  written.set(place, { text, payload })
}

/** What this process wrote there, for the first who asks, as long as the store holds that: the payload is theirs. */
export function takeWritten(kind: string, place: string, text: string): AdapterPayload | undefined {
  if (!handedOn.has(kind)) return undefined
  const known = written.get(place)
  written.delete(place)
  return known?.text === text ? known.payload : undefined
}
