import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { skeletonOf } from '../text/shown-names.ts'

const { names } = z
  .strictObject({ meaning: z.string(), names: z.array(z.string().min(2)) })
  .parse(JSON.parse(readFileSync(new URL('../../config/official-names.json', import.meta.url), 'utf8')))

const skeletons = names.map((name) => ({ name, skeleton: skeletonOf(name) }))

/** The official name (config/official-names.json) that a name contains or resembles; undefined for none. */
export function officialNameIn(name: string): string | undefined {
  const looked = skeletonOf(name)
  return skeletons.find(({ skeleton }) => looked.includes(skeleton))?.name
}
