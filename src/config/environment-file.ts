import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { SettingsError } from './setting-types.ts'

/** Where the service has its settings (docs/deploy.md). */
export const serviceEnvironment = '/etc/yideng/environment'

const line = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/
const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')$/

/** A value as systemd reads it (systemd.exec(5), EnvironmentFile=): no mark but a quotation mark around it means anything. */
function valueOf(text: string): string | undefined {
  if (!/^["']/.test(text)) return text.endsWith('\\') ? undefined : text
  const [, double, single] = quoted.exec(text) ?? []
  return double?.replaceAll(/\\(.)/g, '$1') ?? single
}

/**
 * Reads the settings of the service from its file, one `NAME=VALUE` a line.
 * @param path the usual file may be missing: a machine for development has none
 * @throws SettingsError
 */
export function readEnvironmentFile(path: string): Record<string, string> {
  const text = textOf(path)
  const settings: Record<string, string> = {}
  for (const [index, one] of text.split('\n').entries()) {
    const trimmed = one.trim()
    if (trimmed === '' || /^[#;]/.test(trimmed)) continue
    const [, name = '', written = ''] = line.exec(trimmed) ?? []
    const value = valueOf(written)
    // without the text of the line: there may be a password in it
    if (name === '' || value === undefined) throw new SettingsError(`Line ${index + 1} of ${path} is not NAME=VALUE.`)
    settings[name] = value
  }
  return settings
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && path === serviceEnvironment) return ''
    if (code === 'ENOENT') throw new SettingsError(`The file of settings ${path} does not exist.`, { cause: error })
    if (code === 'EACCES')
      throw new SettingsError(`This user may not read the settings in ${path}: run it as the user of the service.`, {
        cause: error,
      })
    throw new SettingsError(`The settings in ${path} cannot be read (${code}).`, { cause: error })
  }
}

/** Node.js reads `NODE_EXTRA_CA_CERTS` before it starts, so for a command it is too late: this does the same. */
export function trustOwnAuthority(file: string | undefined): void {
  if (file === undefined) return
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')])
}
