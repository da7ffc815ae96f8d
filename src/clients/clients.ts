import {
  deleteClient,
  rotateSecret,
  setClientStatus,
  updateClient,
  type ChangedClient,
  type ClientsDeps,
} from './change-client.ts'
import { findRow, fromRow, isReadable, readRows, type Client } from './client.ts'
import { createClient } from './create-client.ts'

export type { Client } from './client.ts'

/** The registered portals. `undefined`: there is no portal with that id. */
export interface Clients {
  find(id: string): Promise<Client | undefined>
  /** All usable registrations. A damaged or changed one affects its own portal only; `yideng doctor` names it. */
  list(): Promise<Client[]>
  /** Ids of registrations that cannot be read. */
  damaged(): Promise<string[]>
  /** The secret is in this answer only. `id`: of the portal in another store. */
  create(input: unknown, actor: string, id?: string): Promise<ChangedClient>
  update(id: string, change: Record<string, unknown>, actor: string): Promise<ChangedClient | undefined>
  rotateSecret(id: string, actor: string): Promise<ChangedClient | undefined>
  setStatus(id: string, status: Client['status'], actor: string): Promise<ChangedClient | undefined>
  /** Deletes the portal with its consents; false where there is none. */
  delete(id: string, actor: string): Promise<boolean>
}

export function createClients(deps: ClientsDeps): Clients {
  const { database, guard } = deps
  return {
    async find(id) {
      const row = await findRow(guard, database, id)
      return row && fromRow(row)
    },
    list: async () =>
      (await readRows(database)).filter((row) => isReadable(row) && guard.mayUse('clients', row)).map(fromRow),
    damaged: async () => (await readRows(database)).filter((row) => !isReadable(row)).map(({ id }) => id),
    create: (input, actor, id) => createClient(deps, input, actor, id),
    update: (id, changes, actor) => updateClient(deps, id, changes, actor),
    rotateSecret: (id, actor) => rotateSecret(deps, id, actor),
    setStatus: (id, status, actor) => setClientStatus(deps, id, status, actor),
    delete: (id, actor) => deleteClient(deps, id, actor),
  }
}
