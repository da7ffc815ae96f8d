import { parseDocument } from '../../accounts/identifiers/documents.ts'
import { checkName, matchKey, normaliseName } from '../../accounts/identifiers/names.ts'
import type { IdentityClaim } from '../../proofing/population-register.ts'
import type { ImportKind } from './csv-import.ts'
import type { Services } from '../../services.ts'
import type { PhotoImport } from './photo-import.ts'

/** A person of the file, with the name as it is written there. */
type RegisteredPerson = IdentityClaim & { name: string }

export interface PeopleImport extends ImportKind<RegisteredPerson> {
  /** Number of accounts whose name followed the register. */
  renamed(): number
}

/**
 * Imports the people of the embedded population register, with templates of their photographs where given.
 * The names of proven accounts follow, in the same transaction.
 */
export function peopleImport({ register, persons }: Services, actor: string, photos?: PhotoImport): PeopleImport {
  const renamed: string[] = []
  let published = 0
  return {
    renamed: () => renamed.length,
    kind: 'people',
    columns: ['document_type', 'document_number', 'name'],
    numbers: [1],
    chineseText: ([type, , name]) => (type === 'resident_id' ? name : undefined),
    read([type = '', number = '', given = ''], today) {
      const name = normaliseName(given)
      const document = parseDocument({ type: type.trim().toLowerCase(), number, today })
      const problem = checkName(name) ?? (document.ok ? undefined : document.problem)
      if (problem !== undefined || !document.ok) return { problem: String(problem) }
      const { type: documentType, number: documentNumber } = document.document
      const nameKey = matchKey(name)
      const record = { documentType, documentNumber, nameKey, name }
      return { key: `${documentType}:${documentNumber}`, record, said: nameKey }
    },
    async write(transaction, people) {
      await register.add(transaction, people)
      renamed.push(...(await persons.followRegister(transaction, people, { actor })))
    },
    async after(people) {
      persons.publishChanged(renamed.slice(published))
      published = renamed.length
      await photos?.take(people)
    },
  }
}
