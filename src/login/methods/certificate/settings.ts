import { z } from 'zod'
import { optionalPath, parseSettings } from '../../../config/setting-types.ts'

const schema = z.object({ YIDENG_CERT_CAS: optionalPath })

export const settings = {
  documented: {
    YIDENG_CERT_CAS: {
      default: '',
      meaning:
        'file with the CAs whose certificates sign people in (docs/certificates.md); empty: no sign-in by certificate',
    },
  },
  read(given: Record<string, string>) {
    return { file: parseSettings(schema, given).YIDENG_CERT_CAS }
  },
}
