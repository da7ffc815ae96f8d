import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from '../after-file.ts'

const root = new URL('../../../', import.meta.url)

/** A pair of keys as docs/upstream-adapter.md makes them. */
export function adapterKeys(): { privatePem: string; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privatePem: privateKey, publicPem: publicKey }
}

/** Runs examples/upstream-adapter as a process, until the end of the file. */
export async function runExampleAdapter(given: { url: string; issuer: string; privatePem: string }): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-adapter-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  const key = join(directory, 'adapter.pem')
  writeFileSync(key, given.privatePem)
  const child = spawn(process.execPath, ['examples/upstream-adapter/adapter.mjs'], {
    cwd: root,
    env: { ...process.env, YIDENG: given.issuer, ADAPTER: given.url, KEY: key },
  })
  let output = ''
  child.stderr.on('data', (text: Buffer) => (output += String(text)))
  afterFile(() => child.kill())
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      if (String(text).includes(given.url)) resolve()
    })
    child.on('exit', () => reject(new Error(`the adapter ended:\n${output}`)))
  })
}
