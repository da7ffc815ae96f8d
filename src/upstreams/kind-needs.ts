import { kindOptions } from './kind-options.ts'

interface Row {
  kind: 'oidc' | 'oauth2' | 'cas' | 'adapter'
  issuer?: string | undefined
  clientId?: string | undefined
  clientSecretFile?: string | undefined
  publicKeyFile?: string | undefined
  addresses?: Readonly<Record<string, string | undefined>> | undefined
  scope?: string | undefined
  claims: { subject?: string | undefined }
  options: Readonly<Record<string, string | boolean>>
}

/** A field of a row, and what is wrong with it. */
export type RowFault = readonly [field: string, fault: string]

type Need = (row: Row) => RowFault[]
type Field = 'issuer' | 'clientId' | 'clientSecretFile' | 'publicKeyFile'

const missing = ({ kind }: Row, field: string): RowFault => [field, `is missing: ${kind} needs it`]

const absent = (row: Row, ...fields: Field[]): RowFault[] =>
  fields.filter((field) => row[field] === undefined).map((field) => missing(row, field))

const absentAddresses = (row: Row, ...names: string[]): RowFault[] =>
  names.filter((name) => row.addresses?.[name] === undefined).map((name) => missing(row, `addresses.${name}`))

function oidc(row: Row): RowFault[] {
  const faults = absent(row, 'issuer', 'clientId')
  if (row.scope !== undefined && !row.scope.split(' ').includes('openid'))
    faults.push(['scope', 'must have openid: without it there is no ID token'])
  // only `sub` stays with its person (OpenID Connect Core 1.0, 5.7)
  if (row.claims.subject !== undefined && row.claims.subject !== 'sub')
    faults.push(['claims.subject', 'must be sub: another claim may be given to another person'])
  return faults
}

const oauth2: Need = (row) => [
  ...absentAddresses(row, 'authorize', 'token', 'user'),
  ...absent(row, 'clientId', 'clientSecretFile'),
  // each system has a name of its own for it, and a wrong one may be shared by people
  ...(row.claims.subject === undefined ? [missing(row, 'claims.subject')] : []),
]

const kinds: Readonly<Record<Row['kind'], Need>> = {
  oidc,
  oauth2,
  cas: (row) => absentAddresses(row, 'login', 'validate'),
  adapter: (row) => [...absent(row, 'issuer', 'publicKeyFile'), ...absentAddresses(row, 'adapter')],
}

function wrongOptions({ kind, options }: Row): RowFault[] {
  const issues = kindOptions[kind].safeParse(options).error?.issues ?? []
  return issues.map(({ path, message }) => [['options', ...path].join('.'), message])
}

/** Faults of a row besides its form: fields that its kind needs, and options that its kind lacks. */
export const faultsOf = (row: Row): RowFault[] => [...kinds[row.kind](row), ...wrongOptions(row)]
