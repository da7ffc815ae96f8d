import { z } from 'zod'
import { listOf, parseSettings, whole } from '../../../config/setting-types.ts'

const schema = z.object({
  YIDENG_FACE_KIOSKS: z.string().transform(listOf),
  YIDENG_FACE_FAILURES: whole(1, 100),
})

export const settings = {
  documented: {
    YIDENG_FACE_KIOSKS: {
      default: '',
      meaning: 'ids of the portals that run on kiosks, with commas: only there one signs in by identifier and face',
    },
    YIDENG_FACE_FAILURES: {
      default: '5',
      meaning: 'failed face verifications of an account in 24 hours before they are off for 24 hours',
    },
  },
  read(given: Record<string, string>) {
    const all = parseSettings(schema, given)
    return { kiosks: all.YIDENG_FACE_KIOSKS, failures: all.YIDENG_FACE_FAILURES }
  },
}
