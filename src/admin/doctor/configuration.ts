import { openBreachedPasswords } from '../../accounts/passwords/breached.ts'
import type { Settings } from '../../config/settings.ts'
import { readResources } from '../../oidc/resources.ts'
import type { Finding } from './finding.ts'

const minNodeVersion = 24

export function nodeVersion(): Finding {
  const { node: version } = process.versions
  if (Number(version.split('.')[0]) >= minNodeVersion) return { state: 'ok', what: 'Node.js', finding: version }
  const todo = `install Node.js ${minNodeVersion} or newer`
  return { state: 'fail', what: 'Node.js', finding: `${version} is too old`, todo }
}

export function issuer({ issuer: address }: Settings): Finding {
  const { protocol, hostname } = new URL(address)
  if (protocol === 'https:') return { state: 'ok', what: 'issuer', finding: address }
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (loopback) return { state: 'ok', what: 'issuer', finding: `${address} (this machine only)` }
  const todo = 'set YIDENG_ISSUER to an https:// address'
  return { state: 'fail', what: 'issuer', finding: `${address} is not encrypted`, todo }
}

/** Without YIDENG_TRUST_PROXY every person behind the proxy has the address of the proxy. */
export function proxy({ issuer: address, host, trustProxy, production }: Settings): Finding[] {
  const behind = address.startsWith('https:') && ['127.0.0.1', '::1', 'localhost'].includes(host)
  if (!production || !behind || trustProxy) return []
  const finding = 'all people seem to come from the address of the proxy, so a few wrong tries lock all of them out'
  return [
    {
      state: 'fail',
      what: 'proxy',
      finding,
      todo: 'set YIDENG_TRUST_PROXY=true, if the proxy sets X-Forwarded-For itself',
    },
  ]
}

export function resources({ resourcesFile }: Settings): Finding {
  const what = 'resources'
  try {
    readResources(resourcesFile)
    return { state: 'ok', what, finding: resourcesFile }
  } catch (error) {
    const finding = `${resourcesFile} cannot be used: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
    return { state: 'fail', what, finding, todo: 'correct it: the server does not start with it (docs/portals.md)' }
  }
}

export async function breachedPasswords({ breachedPasswordsFile: file }: Settings): Promise<Finding[]> {
  const what = 'breached passwords'
  if (file === '') return []
  try {
    await (await openBreachedPasswords(file)).close()
    return [{ state: 'ok', what, finding: file }]
  } catch (error) {
    const finding = `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`
    const todo = 'correct or unset YIDENG_BREACHED_PASSWORDS: the server does not start with it (docs/operations.md)'
    return [{ state: 'fail', what, finding, todo }]
  }
}
