import { parseDocument } from '../../accounts/identifiers/documents.ts'
import { checkName, matchKey, normaliseName } from '../../accounts/identifiers/names.ts'
import type { IdentityClaim } from '../../proofing/population-register.ts'
import type { ImportKind } from './csv-import.ts'
import type { Services } from '../../services.ts'
import type { PhotoImport } from './photo-import.ts'

/** Imports the people of the embedded population register, with templates of their photographs where given. */
export function peopleImport({ register }: Services, photos?: PhotoImport): ImportKind<IdentityClaim> {
  return {
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
      const record = { documentType, documentNumber, nameKey: matchKey(name) }
      return { key: `${documentType}:${documentNumber}`, record }
    },
    write: (transaction, people) => register.add(transaction, people),
    ...(photos ? { after: photos.take } : {}),
  }
}
