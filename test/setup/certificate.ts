import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'

export const noOpenssl = spawnSync('openssl', ['version']).status !== 0

/** Makes a self-signed certificate, by default for localhost, valid for ninety days. Needs openssl. */
export function makeCertificate(host = 'localhost'): { key: string; cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-certificate-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const asked = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90'
  const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`]
  const made = spawnSync('openssl', [...asked.split(' '), ...names, '-keyout', key, '-out', cert])
  if (made.status !== 0) throw new Error('openssl made no certificate')
  return { key, cert }
}
