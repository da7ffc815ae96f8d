import { Provider, type AdapterPayload } from 'oidc-provider'

/** Where a portal's server asks: it never changes the grant and the session behind its codes and tokens. */
const lookingRoutes: ReadonlySet<string | undefined> = new Set(['token', 'userinfo', 'introspection'])

export const onlyLookedAt = (kind: string) =>
  (kind === 'Grant' || kind === 'Session') && lookingRoutes.has(Provider.ctx?.oidc?.route)

const mostKept = 10_000
/** By their text in the store: a grant's names its id, and a session is looked for by its uid there. */
const payloads = new Map<string, AdapterPayload>()
/** Of each payload that is kept the model, once it has been made. */
const models = new WeakMap<AdapterPayload, object | 'to be made'>()

/** One text of the store is one payload, as long as it is only looked at; whether it has expired is asked each time. */
export function madeOnce(text: string, make: () => AdapterPayload): AdapterPayload {
  const known = payloads.get(text)
  if (known) return known
  const payload = make()
  if (payloads.size >= mostKept) payloads.clear()
  payloads.set(text, payload)
  models.set(payload, 'to be made')
  return payload
}

interface Model {
  instantiate(payload: AdapterPayload): object
}

/** Lets oidc-provider make one model of such a payload. */
export function makeModelsOnce(provider: Provider): void {
  for (const model of [provider.Grant, provider.Session] as unknown as Model[]) {
    const instantiate = model.instantiate.bind(model)
    model.instantiate = (payload) => {
      const known = models.get(payload)
      if (known === undefined) return instantiate(payload)
      if (known !== 'to be made') return known
      const made = instantiate(payload)
      models.set(payload, made)
      return made
    }
  }
}
