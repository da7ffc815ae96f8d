interface Row {
  kind: 'oidc' | 'oauth2' | 'cas' | 'adapter'
  issuer?: string | undefined
  clientId?: string | undefined
  scope?: string | undefined
  claims: { subject?: string | undefined }
}

/** A field of a row, and what is wrong with it. */
export type RowFault = readonly [field: string, fault: string]

type Need = (row: Row) => RowFault[]

const absent = (row: Row, ...fields: ('issuer' | 'clientId')[]): RowFault[] =>
  fields.filter((field) => row[field] === undefined).map((field) => [field, `is missing: ${row.kind} needs it`])

function oidc(row: Row): RowFault[] {
  const faults = absent(row, 'issuer', 'clientId')
  if (row.scope !== undefined && !row.scope.split(' ').includes('openid'))
    faults.push(['scope', 'must have openid: without it there is no ID token'])
  // only `sub` stays with its person (OpenID Connect Core 1.0, 5.7)
  if (row.claims.subject !== undefined && row.claims.subject !== 'sub')
    faults.push(['claims.subject', 'must be sub: another claim may be given to another person'])
  return faults
}

/** What a row needs besides its form, by its kind. */
export const needs: Readonly<Record<Row['kind'], Need>> = {
  oidc,
  oauth2: () => [],
  cas: () => [],
  adapter: () => [],
}
