import { Provider, type AdapterPayload } from 'oidc-provider'
import { epochTime, internalsOf, snakeCase } from './internals.ts'

/** The part of oidc-provider's models (lib/models/base_model.js) that is written again here. */
export interface Model {
  jti: string
  kind: string
  iat?: number
  exp?: number
  readonly expiration?: number
  readonly format?: string
  readonly extra?: object
  readonly constructor: ModelClass
  getValueAndPayload(): Promise<{ value: string; payload?: AdapterPayload }>
  emit(event: string): void
}

interface ModelClass {
  readonly name: string
  readonly prototype: Model
  readonly IN_PAYLOAD: readonly string[]
}

const knownKeys = new WeakMap<ModelClass, readonly string[]>()

/** The stored fields of a model. oidc-provider makes the list at each use. */
function keysOf(model: ModelClass): readonly string[] {
  let keys = knownKeys.get(model)
  if (!keys) {
    keys = [...new Set(model.IN_PAYLOAD)]
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

/** The stored properties of a model. */
export function payloadOf(model: Model): AdapterPayload {
  const now = epochTime()
  const exp = model.exp || now + Number(model.expiration)
  const payload: AdapterPayload = exp ? { iat: model.iat || now, exp } : { iat: model.iat || now }
  copyKept(model.constructor, model, payload)
  return payload
}

/**
 * Copies the fields between models and stored payloads value by value. oidc-provider describes each property again,
 * several times for one model (lib/models/payload.js). It also makes the name of each event by a regular expression.
 * @param extra the setting `extraTokenClaims`: a token that has any is left to oidc-provider
 */
export function copyModelsPlainly(provider: Provider, extra: (ctx: unknown, token: object) => unknown): void {
  const { BaseModel } = internalsOf(provider) as unknown as { BaseModel: ModelClass }
  const { AccessToken, BaseToken, Session } = provider as unknown as Record<string, ModelClass>
  if (!AccessToken || !BaseToken || !Session) throw new Error('oidc-provider has other models')

  /** Does the work of BaseModel's constructor; its methods and static members stay. */
  class PlainModel {
    kind: string
    jti: string | undefined

    constructor(payload: AdapterPayload = {}) {
      const model = new.target as unknown as ModelClass
      if (payload.kind && payload.kind !== model.name) throw new TypeError('kind mismatch')
      this.kind = model.name
      this.jti = payload.jti
      copyKept(model, payload, this)
    }
  }
  Object.setPrototypeOf(PlainModel, BaseModel)
  for (const model of [BaseToken, Session]) Object.setPrototypeOf(model, PlainModel)

  BaseModel.prototype.getValueAndPayload = async function getValueAndPayload(this: Model) {
    return { value: this.jti, payload: payloadOf(this) }
  }
  const whole = AccessToken.prototype.getValueAndPayload
  AccessToken.prototype.getValueAndPayload = async function getValueAndPayload(this: Model) {
    if (this.format !== 'opaque' || this.extra || extra(Provider.ctx, this)) return whole.call(this)
    return { value: this.jti, payload: payloadOf(this) }
  }

  const eventNames = new Map<string, string>()
  BaseModel.prototype.emit = function emit(this: Model, event: string) {
    let name = eventNames.get(this.kind)
    if (name === undefined) {
      name = snakeCase(this.kind)
      eventNames.set(this.kind, name)
    }
    provider.emit(`${name}.${event}`, this)
  }
}
