import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loginMethods } from '../../../src/login-methods.ts'

const source = new URL('../../../src/', import.meta.url)

const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`\w\\])\/\/ .*/g, '')

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: withoutComments(readFileSync(new URL(file, source), 'utf8')) }))

const ofUpstreams = /^(accounts\/(upstream-|imports\/)|storage\/|keys\/|admin\/|oidc\/upstream-sign-out)/

/**
 * Code depends on a method by its name as a string or by an import from its folder. Prose, the word password as a thing of accounts/,
 * and face as biometrics (proofing/face, accounts/identity-proofing, accounts/account-recovery) are no such dependence.
 */
const namedBy = (name: string) =>
  files
    .filter(({ file }) => !file.startsWith(`login/methods/${name}/`))
    .filter(({ file }) => !/^(accounts\/(identity-proofing|account-recovery)|proofing\/face)\//.test(file))
    // names of fields of the registration form
    .filter(({ file }) => file !== 'registration/answers.ts')
    // names of trace spans, one of them for the work of hashing
    .filter(({ file }) => file !== 'http/open-telemetry.ts')
    // the certificate of TLS
    .filter(({ file }) => file !== 'admin/doctor/tls.ts')
    // a label of metrics
    .filter(({ file }) => !/^http\/(channel|upstream)-metrics\.ts$/.test(file))
    // upstreams are a thing of accounts/ too: columns of links, options of commands, a field of the sign-out page
    .filter(({ file }) => name !== 'upstream' || !ofUpstreams.test(file))
    // a parameter of a route, such as /api/channel/:channel/scan
    .map(({ file, text }) => ({ file, text: text.replaceAll(/\['params'\]\['\w+'\]/g, '') }))
    .filter(({ text }) => new RegExp(`(?<!from )'${name}'|methods/${name}/`).test(text))
    .map(({ file }) => file)

it.each(loginMethods)('at most four files outside its folder name the method $name', ({ name }) => {
  expect(namedBy(name).length, namedBy(name).join(', ')).toBeLessThanOrEqual(4)
})

it('each folder of a method is in the list of methods', () => {
  const folders = readdirSync(new URL('login/methods/', source), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(folders.toSorted()).toEqual(loginMethods.map(({ name }) => name).toSorted())
})
