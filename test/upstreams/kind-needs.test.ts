import { expect, it } from 'vitest'
import { readUpstreams } from '../../src/upstreams/upstreams.ts'
import { adapterRow } from '../setup/upstreams/adapter.ts'
import { casRow } from '../setup/upstreams/cas.ts'
import { upstreamsFile } from '../setup/upstreams/open.ts'
import { tifRow } from '../setup/upstreams/tif.ts'

const rows = {
  oauth2: tifRow({ base: 'https://tif.example' }),
  cas: casRow({ url: 'https://cas.example' }, 'json'),
  adapter: adapterRow({ url: 'https://adapter.example' }),
}
const read = (row: object) =>
  readUpstreams({
    production: true,
    upstreams: { file: upstreamsFile([row], { 'tif-secret': 's', 'adapter-public': 'k' }) },
  })

/** A row without one field, which a name with a dot may lead to. */
function without(row: object, field: string): object {
  const [name = '', inner] = field.split('.')
  const { [name]: value, ...rest } = row as Record<string, unknown>
  return inner === undefined ? rest : { ...rest, [name]: without(value as object, inner) }
}

it.each(Object.values(rows))('a whole row of $kind can be used', (row) => {
  expect(read(row)).toHaveLength(1)
})

it.each([
  ['oauth2', 'addresses'],
  ['oauth2', 'addresses.authorize'],
  ['oauth2', 'addresses.token'],
  ['oauth2', 'addresses.user'],
  ['oauth2', 'clientId'],
  ['oauth2', 'clientSecretFile'],
  ['oauth2', 'claims.subject'],
  ['cas', 'addresses.login'],
  ['cas', 'addresses.validate'],
  ['adapter', 'issuer'],
  ['adapter', 'publicKeyFile'],
  ['adapter', 'addresses.adapter'],
] as const)('a row of %s without %s stops the start with a sentence that names both', (kind, field) => {
  const sentence = new RegExp(`^The setting YIDENG_UPSTREAMS .* 0\\.${field}[a-z.]* is missing: ${kind} needs it`)
  expect(() => read(without(rows[kind], field))).toThrow(sentence)
})

it.each([
  ['oauth2', { tokenMethod: 'PUT' }],
  ['oauth2', { tokenMehtod: 'GET' }],
  ['oauth2', { charset: 'utf-16' }],
  ['oauth2', { personOnlyIf: 'userobj.usertype' }],
  ['oauth2', { state: 'lost' }],
  ['cas', { format: 'yaml' }],
  ['cas', { pkce: true }],
  ['adapter', { format: 'json' }],
] as const)('an option that %s lacks stops the start: %j', (kind, options) => {
  expect(() => read({ ...rows[kind], options })).toThrow(/^The setting YIDENG_UPSTREAMS .* 0\.options/)
})

it('an address of any kind must be safe in production', () => {
  const addresses = { ...rows.oauth2.addresses, token: 'http://tif.example/token' }
  expect(() => read({ ...rows.oauth2, addresses })).toThrow(/does not begin with https/)
})
