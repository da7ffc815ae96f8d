/** What is sealed in an account. */
export type SealedField = 'document_number' | 'name' | 'phone' | 'username'

/** The place a field of an account is sealed to (see FieldCipher). */
export const fieldAad = (column: SealedField, id: string) => `natural_persons.${column}:${id}`
