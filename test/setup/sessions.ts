import type { Services } from '../../src/services.ts'
import { createSessionRows } from '../../src/sessions/rows.ts'
import { createSessions, type LogoutNotice } from '../../src/sessions/sessions.ts'
import type { Artifacts } from '../../src/storage/artifacts.ts'

const nobodyTold = { send: async () => undefined }

/** The sessions of a store that a test has opened by itself: 12 hours at most, 30 minutes idle. */
export function sessionsOf(
  services: Services,
  artifacts: Artifacts,
  deliveries: { send(notices: LogoutNotice[]): Promise<void> } = nobodyTold,
) {
  const rows = createSessionRows({ artifacts, findPerson: services.persons.find })
  const parts = { ...services, rows, artifacts, deliveries, cipher: services.dataKeys.cipher }
  const sessions = createSessions({ ...parts, publish: () => undefined, lifetime: 43_200, idle: 1800 })
  return { rows, sessions }
}
