import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sm2PublicKey } from '../../../src/keys/guomi/sm2.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'

// OpenSSL's own command as a second implementation of SM2 with SM3. node:crypto has no access to it.

const id = '1234567812345678'

/** Whether this machine has the command, with SM2. */
export const hasOpenssl =
  spawnSync('openssl', ['version']).status === 0 &&
  spawnSync('openssl', ['list', '-signature-algorithms'], { encoding: 'utf8' }).stdout.includes('SM2')

const pkcs8 = (d: Buffer, point: Buffer) =>
  Buffer.concat([
    Buffer.from('308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420', 'hex'),
    d,
    Buffer.from('a144034200', 'hex'),
    point,
  ])

export function privateKeyOf(d: string, { point }: Sm2PublicKey): KeyObject {
  const key = pkcs8(Buffer.from(d, 'base64url'), Buffer.from(point, 'hex'))
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

const laid = (name: string, content: string | Uint8Array) => {
  const file = join(temporaryDirectory(), name)
  writeFileSync(file, content)
  return file
}

/** @returns DER */
export function opensslSigns(key: KeyObject, data: Uint8Array): Buffer {
  const keyFile = laid('key.pem', key.export({ format: 'pem', type: 'pkcs8' }))
  const words = ['pkeyutl', '-sign', '-inkey', keyFile, '-rawin', '-in', laid('data', data), '-digest', 'sm3']
  return execFileSync('openssl', [...words, '-pkeyopt', `distid:${id}`])
}

export function opensslVerifies({ point }: Sm2PublicKey, data: Uint8Array, der: Uint8Array, distid = id): boolean {
  const spki = Buffer.from(`3059301306072a8648ce3d020106082a811ccf5501822d034200${point}`, 'hex')
  const keyFile = laid('key.der', spki)
  const words = ['pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', keyFile, '-rawin', '-in']
  const more = [
    laid('data', data),
    '-digest',
    'sm3',
    '-sigfile',
    laid('signature', der),
    '-pkeyopt',
    `distid:${distid}`,
  ]
  return spawnSync('openssl', [...words, ...more]).status === 0
}
