import type { Context } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { readUntil } from '../storage/read-until.ts'

const kind = 'DeviceAnswer'
/** Seconds. */
const ttl = 600
/** Milliseconds: the other copy of a form may still run. */
const longestForm = 1000

/** `done` and `refused` are pages; any other value is the address of the sign-in. */
export interface DeviceAnswers {
  remember(ctx: KoaContextWithOIDC, answer: string): Promise<void>
  /** Where the same form of the same browser went before. */
  find(ctx: KoaContextWithOIDC): Promise<string | undefined>
}

/** The token of the form is a secret of its browser. Undefined for a form that decides nothing. */
function idOf({ oidc }: KoaContextWithOIDC): string | undefined {
  const { xsrf, user_code: code, confirm, abort } = oidc.body ?? {}
  return confirm || abort ? hashId(JSON.stringify([xsrf, code, abort ? 'abort' : 'confirm'])) : undefined
}

/** The decision about a command line, sent twice, has one answer. oidc-provider spends its token with the first. */
export const createDeviceAnswers = (artifacts: Pick<Artifacts, 'get' | 'put'>): DeviceAnswers => ({
  async remember(ctx, answer) {
    const id = idOf(ctx)
    if (id !== undefined) await artifacts.put(kind, id, answer, { ttl })
  },
  async find(ctx) {
    const id = idOf(ctx)
    if (id === undefined) return undefined
    return readUntil(
      () => artifacts.get(kind, id),
      (answer) => answer !== undefined,
      { most: longestForm },
    )
  },
})

/** oidc-provider's part of a request that it has handled. */
export const handled = (ctx: Context): KoaContextWithOIDC | undefined =>
  'oidc' in ctx ? (ctx as unknown as KoaContextWithOIDC) : undefined
