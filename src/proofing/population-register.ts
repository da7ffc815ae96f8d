/** What a register is asked: values normalised by src/accounts/identifiers. */
export interface IdentityClaim {
  documentType: string
  documentNumber: string
  /** The name as `matchKey` makes it. */
  nameKey: string
}

/** The authority that knows people. `unreachable` is an ordinary outcome: the account is proofed another time. */
export interface PopulationRegister {
  match(claim: IdentityClaim): Promise<'match' | 'no_match' | 'unreachable'>
}
