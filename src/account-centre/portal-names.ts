import type { Clients } from '../clients/clients.ts'
import type { Language } from '../pages/languages.ts'
import { ownClient, ownClientId } from './own-client.ts'

/** Looks up the names of portals, suspended ones too; empty for a deleted one. */
export async function portalNames(
  clients: Clients,
  ids: Iterable<string | undefined>,
  language: Language,
): Promise<(id: string | undefined) => string> {
  const wanted = [...new Set(ids)].filter((id) => id !== undefined)
  const found = await Promise.all(wanted.map(async (id) => (id === ownClientId ? ownClient('') : clients.find(id))))
  const names = new Map(found.flatMap((one) => (one ? [[one.id, one.names?.[language] ?? one.name] as const] : [])))
  return (id) => (id === undefined ? '' : (names.get(id) ?? ''))
}
