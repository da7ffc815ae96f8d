import { failed } from '../outcome.ts'

/** Of two machines that change the keys they share (src/keys/shared-keys.ts), the second is told that its change is gone. */
export const overtaken = failed(
  'Another machine of this store changed these keys at the same moment: its change stands, this one does not. Do it again.',
)
