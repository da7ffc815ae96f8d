import { readdirSync } from 'node:fs'
import { z } from 'zod'
import { readJson } from './machine-errors.ts'

/** How one province speaks the earlier OAuth2 of its own. Another province is another file in config/tif. */
const profileSchema = z.strictObject({
  /** The value of `--legacy`. */
  protocol: z.string().regex(/^tif(?:-[a-z]{2,20})?$/),
  /** The path before `/authorize`, `/access_token` and `/tokeninfo`. */
  base: z.string().regex(/^(?:\/[\w-]+)+$/),
  /** The value of the parameter `service`. */
  service: z.string().regex(/^\w{1,40}$/),
  /** Our level (DESIGN 1.4) → the level that its portals read. */
  levels: z.strictObject({ '2': z.string(), '3': z.string(), '4': z.string() }),
})

export type TifProfile = z.output<typeof profileSchema>

const directory = new URL('../../config/tif/', import.meta.url)

/** The profiles in config/tif, by the names of their files. */
export const tifProfiles: readonly TifProfile[] = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .toSorted()
  .map((name) => readJson(new URL(name, directory), profileSchema))

/** The profile of a legacy protocol; undefined for CAS. */
export const tifProfileOf = (protocol: string | undefined): TifProfile | undefined =>
  tifProfiles.find((profile) => profile.protocol === protocol)

/** The protocols that old portals speak, as a registration names them. */
export const legacyProtocols: readonly string[] = [...tifProfiles.map(({ protocol }) => protocol).toSorted(), 'cas']

/** Path of the CAS endpoints (CAS Protocol 3.0 section 2). */
export const casBase = '/cas'
