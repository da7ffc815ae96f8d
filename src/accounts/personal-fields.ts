import type { FieldCipher } from '../keys/field-cipher.ts'

/** Names of the sealed personal data of an account → columns of `natural_persons`. Opening, reading, export and closing use it. */
const sealedColumns = {
  documentNumber: 'document_number',
  name: 'name',
  phone: 'phone',
  username: 'username',
} as const

type SealedName = keyof typeof sealedColumns

/** A column of `natural_persons` that holds sealed personal data. */
export type SealedField = (typeof sealedColumns)[SealedName]

/** The personal data of an account in plain text. */
export type PersonalData = Record<SealedName, string> & { documentType: string }

/** A row of `natural_persons`, as far as personal data is concerned. */
export type PersonalColumns = Record<SealedField, string> & { id: string; document_type: string }

const names = Object.keys(sealedColumns) as SealedName[]

/** The name that password managers and passkeys keep for the account: the username, or the phone where there is none. */
export const signInName = ({ username, phone }: Pick<PersonalData, 'username' | 'phone'>): string => username || phone

/** What a field of an account is sealed to (see FieldCipher). */
export const fieldAad = (column: SealedField, id: string) => `natural_persons.${column}:${id}`

const seal = (cipher: FieldCipher, id: string, data: Record<SealedName, string>) =>
  Object.fromEntries(
    names.map((name) => [sealedColumns[name], cipher.seal(data[name], fieldAad(sealedColumns[name], id))]),
  ) as Record<SealedField, string>

/** Columns with the personal data of a new account. */
export const sealPersonalData = (cipher: FieldCipher, id: string, data: PersonalData) => ({
  document_type: data.documentType,
  ...seal(cipher, id, data),
})

/** Columns without any data, for an account that is closed; the kind of document stays. */
export const sealNothing = (cipher: FieldCipher, id: string) =>
  seal(cipher, id, Object.fromEntries(names.map((name) => [name, ''])) as Record<SealedName, string>)

/** Opens one field. @throws Error where it was sealed to another row or with an unknown key */
export const openField = (cipher: FieldCipher, row: PersonalColumns, column: SealedField): string =>
  cipher.open(row[column], fieldAad(column, row.id))

/** Opens all personal data of an account. @throws as `openField` */
export const openPersonalData = (cipher: FieldCipher, row: PersonalColumns): PersonalData => ({
  documentType: row.document_type,
  ...(Object.fromEntries(names.map((name) => [name, openField(cipher, row, sealedColumns[name])])) as Record<
    SealedName,
    string
  >),
})
