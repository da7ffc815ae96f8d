/** Columns of `natural_persons` that hold sealed personal data. */
export const sealedFields = ['document_number', 'name', 'phone', 'username'] as const

export type SealedField = (typeof sealedFields)[number]

/** What a field of an account is sealed to (see FieldCipher). */
export const fieldAad = (column: SealedField, id: string) => `natural_persons.${column}:${id}`
