import { parseDocument } from '../../accounts/identifiers/documents.ts'
import { parsePhone } from '../../accounts/identifiers/phones.ts'
import type { OwnerClaim } from '../../proofing/phone-owners.ts'
import type { Services } from '../../services.ts'
import type { ImportKind } from './csv-import.ts'

/** Imports the owners of telephone numbers: the embedded stand-in for the carriers' check. */
export function phonesImport({ phoneRegister }: Services): ImportKind<Omit<OwnerClaim, 'name'>> {
  return {
    kind: 'phones',
    columns: ['phone', 'document_type', 'document_number'],
    numbers: [2],
    chineseText: () => undefined,
    read([typed = '', type = '', number = ''], today) {
      const phone = parsePhone(typed)
      if (!phone.ok) return { problem: phone.problem }
      const document = parseDocument({ type: type.trim().toLowerCase(), number, today })
      if (!document.ok) return { problem: document.problem }
      const { type: documentType, number: documentNumber } = document.document
      return { key: phone.phone, record: { phone: phone.phone, documentType, documentNumber } }
    },
    write: (transaction, numbers) => phoneRegister.add(transaction, numbers),
  }
}
