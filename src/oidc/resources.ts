import { errors, type ResourceServer } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { sm2Algorithm } from '../keys/guomi/sm2.ts'
import { accessTokenSignature } from './engine/sm2-tokens.ts'
import { z } from 'zod'
import { readJson, UnusableFile } from '../config/machine-errors.ts'
import { SettingsError } from '../config/settings.ts'

const worded = z.record(z.string(), z.string())

const schema = z.record(
  z.url({ protocol: /^https?$/ }),
  z.object({
    name: worded,
    scopes: z.record(z.string().regex(/^[!#-[\]-~]+$/), worded),
    /** Scope → the matter (config/matters.json) that a representative needs for it. A scope without one needs `*`. */
    matters: z.record(z.string(), z.string()).default({}),
  }),
)

/** The APIs with JWT access tokens, by resource indicator (RFC 8707). */
export type Resources = z.infer<typeof schema>

/** @throws SettingsError when the file is missing or wrong */
export function readResources(file: string): Resources {
  try {
    return readJson(file, schema)
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    throw new SettingsError(`The setting YIDENG_RESOURCES names a file that cannot be used: ${error.message}`, {
      cause: error,
    })
  }
}

/** The name of an API's scope on the consent page. */
export function wordedScope(resources: Resources, resource: string, scope: string, language: string): string {
  const known = resources[resource]
  const pick = (words: Record<string, string> | undefined) => words?.[language] ?? words?.['zh-CN'] ?? ''
  return `${pick(known?.name)} · ${pick(known?.scopes[scope]) || scope}`
}

/**
 * The API behind a resource indicator, for a portal that is registered for it.
 * @throws InvalidTarget (RFC 8707 section 2) for any other
 */
export function resourceServer(
  resources: Resources,
  { resources: allowed, id_token_alg: alg, sm2_signature: encoding }: Client,
  resource: string,
  accessTokenTTL: number,
): ResourceServer {
  const known = resources[resource]
  if (!known || !allowed.includes(resource)) throw new errors.InvalidTarget()
  return {
    scope: Object.keys(known.scopes).join(' '),
    audience: resource,
    accessTokenTTL,
    accessTokenFormat: 'jwt',
    jwt: { sign: alg === sm2Algorithm ? accessTokenSignature(encoding ?? 'raw') : { alg: 'ES256' } },
  }
}
