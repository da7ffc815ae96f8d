import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { answerAlgorithms } from '../../src/login/methods/certificate/x509/signature.ts'
import { afterFile } from './after-file.ts'
import { openPerson, typePassword } from './person.ts'
import { registerPortal, type AuthorizationRequest, type TestPortal } from './portal.ts'
import { openRoom } from './room.ts'
import { startServer } from './server.ts'
import {
  fields,
  issue,
  issueCa,
  listOf,
  pem,
  textExtension,
  usage,
  type Issued,
  type ListOptions,
  type Wanted,
} from './test-ca.ts'
import { Visitor, type Page } from './visitor.ts'

/** A browser in the middle of a login, at the page of the certificate. */
export interface CertificateLogin {
  visitor: Visitor
  begun: AuthorizationRequest
  page: Page
  /** `/login/<attempt>`. */
  path: string
}

const uscc = '1.2.156.10260.4.1.3'

/** Fields of a row of the file of the CAs. */
export const rules = {
  natural: {
    kind: 'natural',
    number: { in: 'subject', oid: fields.serialNumber, pattern: 'SF(.{18})' },
    name: { in: 'subject', oid: fields.commonName },
  },
  legal: {
    kind: 'legal',
    number: { in: 'extension', oid: uscc },
    name: { in: 'subject', oid: fields.organisation },
  },
}

/** The exact text that a page asks to sign. */
export function textOn({ html }: Page): string {
  const [, text] = /data-certificate-text>([^<]+)</.exec(html) ?? []
  if (text === undefined) throw new Error(`no text to sign:\n${html}`)
  return text
}

/** What a program returns for a text (docs/certificates.md). */
export const answerOf = async ({ der, key }: Pick<Issued, 'der' | 'key'>, text: string) =>
  JSON.stringify({
    certificate: der.toString('base64'),
    signature: (await key.sign(Buffer.from(text))).toString('base64'),
    algorithm: key.name satisfies keyof typeof answerAlgorithms,
  })

export type CertificateSetting = Awaited<ReturnType<typeof startCertificateLogin>>

/** Files of a CA of our own (SM2), with a list of revoked certificates. */
export async function certificateFiles() {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-cas-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  const at = (name: string) => join(directory, name)
  const root = await issueCa('测试根证书')
  const ca = await issueCa('测试签发', { by: root })
  writeFileSync(at('root.pem'), pem(root.der))
  writeFileSync(at('ca.der'), ca.der)
  const row = {
    id: 'gd',
    name: '粤信签',
    certificateFiles: ['root.pem', 'ca.der'],
    subjects: [rules.natural, rules.legal],
    keys: 'hardware',
    revocation: { crls: ['gd.crl'] },
  }
  const writeFile = (content: object) => writeFileSync(at('cas.json'), JSON.stringify(content))
  const writeList = async (options: ListOptions = {}) => writeFileSync(at('gd.crl'), await listOf(ca, options))
  await writeList()
  writeFile({ agent: 'http://127.0.0.1:18900', cas: [row] })
  return { at, file: at('cas.json'), root, ca, row, writeFile, writeList }
}

/** A server with these files. */
export async function startCertificateLogin(settings: Record<string, string> = {}) {
  const files = await certificateFiles()
  const { ca, file } = files
  const server = await startServer({ YIDENG_CERT_CAS: file, YIDENG_ADDRESS_TRIES: '100000', ...settings })
  const services = await server.services()
  const portal = await registerPortal(services, { consent: 'implicit' })

  /** At the page of the certificate. */
  async function begin(
    portalOfLogin: TestPortal = portal,
    visitor = new Visitor(server.issuer),
  ): Promise<CertificateLogin> {
    const begun = await portalOfLogin.begin()
    const { pathname: path } = (await visitor.get(begun.url)).url
    return { visitor, begun, page: await visitor.get(`${path}?way=certificate`), path }
  }

  const send = ({ visitor, page }: CertificateLogin, answer: string) => visitor.submit(page, '/certificate', { answer })
  const signWith = async (login: CertificateLogin, one: Pick<Issued, 'der' | 'key'>) =>
    send(login, await answerOf(one, textOn(login.page)))

  /** A certificate that names a person. */
  const ofPerson = ({ number, name = '陈大文' }: { number: string; name?: string }, wanted: Partial<Wanted> = {}) =>
    issue({
      by: ca,
      subject: [
        [fields.commonName, name],
        [fields.serialNumber, `SF${number}`],
      ],
      ...wanted,
    })

  /** A certificate that names an organisation, with its code. */
  const ofOrganisation = (organisation: { name: string; uscc: string }): Promise<Issued> =>
    issue({
      by: ca,
      subject: [
        [fields.commonName, '办事员'],
        [fields.organisation, organisation.name],
      ],
      extensions: [usage(0), textExtension(uscc, organisation.uscc)],
    })

  /** Binds a certificate to a person: once by it, once by the password. */
  async function bound(one: Issued, person: { username: string }): Promise<Page> {
    const login = await begin()
    const question = await typePassword(login.visitor, await signWith(login, one), person.username)
    return login.visitor.submit(question, '/certificate/answer', { decision: 'bind' })
  }

  return {
    ...files,
    server,
    services,
    portal,
    begin,
    send,
    signWith,
    ofPerson,
    ofOrganisation,
    bound,
    person: () => openPerson(services),
    roomOf: async (person: { username: string }) => (await openRoom(server.issuer, person)).visitor,
  }
}
