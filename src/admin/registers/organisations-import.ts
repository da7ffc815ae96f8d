import { parseDocument } from '../../accounts/identifiers/documents.ts'
import { parseCreditCode } from '../../accounts/identifiers/gb32100.ts'
import { registeredOrganisationName } from '../../accounts/identifiers/names.ts'
import type { RegisteredOrganisation } from '../../proofing/embedded-business-register.ts'
import type { ImportKind } from './csv-import.ts'
import type { Services } from '../../services.ts'

const statuses = ['active', 'revoked', 'cancelled'] as const

/** The organisations of the embedded business register. */
export function organisationsImport({ businessRegister, legalPersons }: Services): ImportKind<RegisteredOrganisation> {
  return {
    kind: 'organisations',
    columns: ['uscc', 'name', 'status', 'representative_document_type', 'representative_document_number'],
    numbers: [0, 4],
    chineseText: ([, name]) => name,
    read([code = '', given = '', state = '', type = '', number = ''], today) {
      const parsed = parseCreditCode(code)
      if (!parsed.ok) return { problem: parsed.problem }
      const name = registeredOrganisationName(given)
      if (name === undefined) return { problem: 'organisation_name_malformed' }
      const status = statuses.find((one) => one === state.trim().toLowerCase())
      if (!status) return { problem: `status must be one of ${statuses.join(', ')}` }
      const document = parseDocument({ type: type.trim().toLowerCase(), number, today })
      if (!document.ok) return { problem: document.problem }
      const { type: documentType, number: documentNumber } = document.document
      const record = { uscc: parsed.uscc, name, status, documentType, documentNumber }
      // the register gave the code out: some of its codes have another check character than GB 32100 asks for
      return { key: parsed.uscc, record, ...(parsed.checks ? {} : { warning: 'uscc_check' }) }
    },
    write: (transaction, organisations) => businessRegister.add(transaction, organisations),
    // a new representative or a cancelled licence takes effect at once, also at portals
    after: (organisations) => legalPersons.registerChanged(organisations.map(({ uscc }) => uscc)),
  }
}
