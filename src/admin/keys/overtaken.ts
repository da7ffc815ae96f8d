import { failed } from '../outcome.ts'

/** Two machines changed their shared keys at once (src/keys/shared-keys.ts): the change of one is lost. */
export const overtaken = failed(
  'Another machine of this store changed these keys at the same moment: this change is lost. Run it again.',
)
