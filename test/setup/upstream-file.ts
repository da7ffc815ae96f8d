import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const city = { kind: 'oidc', issuer: 'http://localhost:1', clientId: 'province', clientSecretFile: 'secret' }

/** Writes a file of upstreams that no server answers for. @returns its path, for YIDENG_UPSTREAMS */
export function upstreamFile(directory: string, upstreams: readonly ({ id: string } & Record<string, unknown>)[]) {
  writeFileSync(join(directory, 'secret'), 'secret of the province\n')
  const file = join(directory, 'upstreams.json')
  writeFileSync(file, JSON.stringify(upstreams.map((one) => ({ name: `${one.id} account`, ...city, ...one }))))
  return file
}
