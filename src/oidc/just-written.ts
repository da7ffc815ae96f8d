import type { AdapterPayload } from 'oidc-provider'

/** What a portal's server asks for right after it was written, and once as a rule. */
const handedOn: ReadonlySet<string> = new Set(['AuthorizationCode', 'AccessToken'])

const mostKept = 1000
/** By their text in the store, without their ids as there: what was changed meanwhile has another text. */
const written = new Map<string, AdapterPayload>()

/**
 * Spares the text being read once more. oidc-provider copies what it makes a model of and changes nothing inside; its own
 * memory adapter hands out what it was given as well.
 */
export function keepWritten(kind: string, text: string, payload: AdapterPayload): void {
  if (!handedOn.has(kind)) return
  if (written.size >= mostKept) written.clear()
  written.set(text, payload)
}

/** What this process wrote as this text, for the first who asks: the payload is theirs. */
export function takeWritten(kind: string, text: string): AdapterPayload | undefined {
  if (!handedOn.has(kind)) return undefined
  const payload = written.get(text)
  written.delete(text)
  return payload
}
