import { Provider, type AdapterPayload } from 'oidc-provider'
import epochTime from 'oidc-provider/lib/helpers/epoch_time.js'
import internalsOf from 'oidc-provider/lib/helpers/weak_cache.js'

/** The part of oidc-provider's models (lib/models/base_model.js) that is written anew here. */
interface Model {
  jti: string
  iat?: number
  exp?: number
  readonly expiration?: number
  readonly format?: string
  readonly extra?: object
  readonly constructor: ModelClass
  getValueAndPayload(): Promise<{ value: string; payload?: AdapterPayload }>
}

interface ModelClass {
  new (payload?: AdapterPayload): Model
  readonly prototype: Model
  readonly IN_PAYLOAD: readonly string[]
  instantiate(payload?: AdapterPayload): Model
}

const knownKeys = new WeakMap<ModelClass, ReadonlySet<string>>()

/** What of a model is kept; oidc-provider makes the list anew at each look. */
function keysOf(model: ModelClass): ReadonlySet<string> {
  let keys = knownKeys.get(model)
  if (!keys) {
    keys = new Set(model.IN_PAYLOAD)
    knownKeys.set(model, keys)
  }
  return keys
}

function copyKept(model: ModelClass, from: object, to: object): void {
  for (const key of keysOf(model)) {
    const value = (from as Record<string, unknown>)[key]
    if (value !== undefined) (to as Record<string, unknown>)[key] = value
  }
}

function payloadOf(model: Model): AdapterPayload {
  const now = epochTime()
  const exp = model.exp || now + Number(model.expiration)
  const payload: AdapterPayload = exp ? { iat: model.iat || now, exp } : { iat: model.iat || now }
  copyKept(model.constructor, model, payload)
  return payload
}

/**
 * Models are made of what is kept, and the other way round, value by value: oidc-provider describes each property anew,
 * several times for one model (lib/models/payload.js), which is a fortieth of a whole sign-on.
 * @param extra the setting `extraTokenClaims`: a token that has any is left to oidc-provider
 */
export function copyModelsPlainly(provider: Provider, extra: (ctx: unknown, token: object) => unknown): void {
  const { BaseModel } = internalsOf(provider) as unknown as { BaseModel: ModelClass }
  BaseModel.prototype.getValueAndPayload = async function getValueAndPayload(this: Model) {
    return { value: this.jti, payload: payloadOf(this) }
  }
  const { AccessToken, AuthorizationCode, Grant, Session } = provider as unknown as Record<
    'AccessToken' | 'AuthorizationCode' | 'Grant' | 'Session',
    ModelClass
  >
  const whole = AccessToken.prototype.getValueAndPayload
  AccessToken.prototype.getValueAndPayload = async function getValueAndPayload(this: Model) {
    if (this.format !== 'opaque' || this.extra || extra(Provider.ctx, this)) return whole.call(this)
    return { value: this.jti, payload: payloadOf(this) }
  }
  // those that a sign-on asks for
  for (const model of [AccessToken, AuthorizationCode, Grant, Session]) {
    model.instantiate = (payload) => {
      if (!payload) return new model()
      const { jti, kind, uid } = payload
      const made = new model({ jti, kind, uid })
      copyKept(model, payload, made)
      return made
    }
  }
}
