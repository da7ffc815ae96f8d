import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'

/** The maker of an authenticator: its key and its certificate. */
export interface Maker {
  privateKey: KeyObject
  /** DER. */
  certificate: Buffer
  /** Path of its root certificate (PEM). */
  rootFile: string
}

/** Makes a maker whose certificate the root of the test signs (WebAuthn Level 3, 8.2.1). Needs openssl. */
export function makeMaker({ days = 90 } = {}): Maker {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-maker-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  const file = (name: string) => join(directory, name)
  const openssl = (...argv: string[]) => {
    const { status, stderr } = spawnSync('openssl', argv)
    if (status !== 0) throw new Error(`openssl ${argv[0]}: ${stderr.toString()}`)
  }
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const root = ['-subj', '/CN=Test Maker Root', '-keyout', file('root.key'), '-out', file('root.pem')]
  openssl('req', '-x509', ...fresh, '-days', '90', ...root)
  const subject = '/C=CN/O=Test Maker/OU=Authenticator Attestation/CN=Test Authenticator'
  openssl('req', ...fresh, '-subj', subject, '-keyout', file('leaf.key'), '-out', file('leaf.csr'))
  writeFileSync(file('leaf.ext'), 'basicConstraints=critical,CA:FALSE\n')
  const signed = ['-CA', file('root.pem'), '-CAkey', file('root.key'), '-CAcreateserial', '-days', String(days)]
  openssl('x509', '-req', '-in', file('leaf.csr'), ...signed, '-extfile', file('leaf.ext'), '-out', file('leaf.pem'))
  return {
    privateKey: createPrivateKey(readFileSync(file('leaf.key'))),
    certificate: new X509Certificate(readFileSync(file('leaf.pem'))).raw,
    rootFile: file('root.pem'),
  }
}
