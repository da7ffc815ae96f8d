import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Client } from '../../src/clients/clients.ts'
import type { LibraryName } from '../../src/admin/clients/libraries/libraries.ts'
import type { Services } from '../../src/services.ts'
import { freePort } from '../setup/free-port.ts'
import type { RunningServer } from '../setup/server.ts'
import { yideng } from './yideng.ts'

/** The line that names the file of the lines below it. */
const heading = /^(?:#|\/\/) File: (\S+)\n/m

/** The files of a printed configuration. */
function filesOf(configuration: string): { name: string; text: string }[] {
  const [, ...parts] = configuration.split(heading)
  return parts.flatMap((text, index) => (index % 2 === 0 ? [{ name: text, text: parts[index + 1] ?? '' }] : []))
}

/** Registers a portal by the operator's command. Returns what it printed for the library. */
export async function createFor(
  library: LibraryName,
  { server, services }: { server: RunningServer; services: Services },
  flags: string[],
): Promise<{ client: Client; secret: string; configuration: string }> {
  const printed = yideng(server, 'client', 'create', '--for', library, '--json', ...flags)
  const made = JSON.parse(printed) as { client_id: string; client_secret?: string; configuration: string }
  const client = await services.clients.find(made.client_id)
  if (!client) throw new Error(`the store has no ${made.client_id}`)
  return { client, secret: made.client_secret ?? '', configuration: made.configuration }
}

/** A copy of an example with the printed files in it: at the end of a file that is there, as a new file otherwise. The caller removes it. */
export function pasteInto(example: string, built: string, configuration: string, at = ''): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-portal-'))
  cpSync(example, directory, { recursive: true })
  for (const name of readdirSync(built))
    if (!existsSync(join(directory, name))) symlinkSync(join(built, name), join(directory, name))
  const files = filesOf(configuration)
  if (files.length === 0) throw new Error(`no line names a file:\n${configuration}`)
  for (const { name, text } of files) {
    const file = join(directory, at, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { flag: 'a' })
  }
  return directory
}

/** Puts free ports of this machine where the printed text has usual ones. Returns the settings with their addresses. */
export async function withPorts(configuration: string, ports: Record<string, string>) {
  const settings: Record<string, string> = {}
  let text = configuration
  for (const [name, printed] of Object.entries(ports)) {
    if (!text.includes(printed)) throw new Error(`${printed} is not in:\n${text}`)
    settings[name] = `127.0.0.1:${await freePort()}`
    text = text.replaceAll(printed, settings[name])
  }
  return { text, settings }
}
