import { z } from 'zod'
import { readJson } from '../config/machine-errors.ts'
import { skeletonOf } from '../text/shown-names.ts'

const { names } = readJson(
  new URL('../../config/official-names.json', import.meta.url),
  z.strictObject({ meaning: z.string(), names: z.array(z.string().min(2)) }),
)

const skeletons = names.map((name) => ({ name, skeleton: skeletonOf(name) }))

/** The official name (config/official-names.json) that a name contains or resembles; undefined for none. */
export function officialNameIn(name: string): string | undefined {
  const looked = skeletonOf(name)
  return skeletons.find(({ skeleton }) => looked.includes(skeleton))?.name
}
