/** A question to the register; values are normalised by src/accounts/identifiers. */
export interface IdentityClaim {
  documentType: string
  documentNumber: string
  /** The name, normalised by `matchKey`. */
  nameKey: string
}

export type RegisterAnswer = 'match' | 'no_match' | 'unreachable'

/** The register of people (人口库). `unreachable` is a normal outcome: the account is proofed later. */
export interface PopulationRegister {
  match(claim: IdentityClaim): Promise<RegisterAnswer>
  /** The answers to many questions, in their order. */
  matchAll(claims: readonly IdentityClaim[]): Promise<RegisterAnswer[]>
}
