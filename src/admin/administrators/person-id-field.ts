import { personField } from '../persons/which-person.ts'

/** The account of an administrator. */
export const personIdField = {
  ...personField,
  positional: true,
  required: true,
  meaning: 'id of the account, or document number, phone or username of the person',
} as const
