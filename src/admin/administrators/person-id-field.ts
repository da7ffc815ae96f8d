/** The account of an administrator. */
export const personIdField = {
  type: 'text',
  positional: true,
  required: true,
  placeholder: 'PERSON_ID',
  meaning: 'id of the account',
} as const
