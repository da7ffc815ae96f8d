import cluster from 'node:cluster'
import type { Logger } from 'pino'
import { sealOlderRows } from './admin/keys/seal.ts'
import type { Settings } from './config/settings.ts'
import { serve } from './http/serve.ts'
import { createAdmission } from './http/admission.ts'
import { beat } from './http/hung-workers.ts'
import { createReadiness, refuseWrongClock } from './http/readiness.ts'
import { watchOutlook } from './http/outlook-metrics.ts'
import { watchServices } from './http/service-metrics.ts'
import { start } from './http/start.ts'
import { plainCookiesPage } from './http/too-many-cookies.ts'
import type { Tracing } from './http/tracing.ts'
import { leaveOutTraces } from './oidc/engine/untraced-errors.ts'
import { createServerApp } from './wiring/app.ts'
import { openCore } from './wiring/core.ts'
import { startJobs } from './wiring/jobs.ts'
import { createLogin } from './wiring/login.ts'
import { createProtocol } from './wiring/protocol.ts'
import { createReadyCheck } from './storage/ready-check.ts'
import { noteIssuer } from './storage/store-facts.ts'
import { keepLogsShort } from './storage/stores.ts'

leaveOutTraces()

const clock = () => Date.now()

/** Wires one server process and answers requests with it. */
async function server(settings: Settings, log: Logger, tracing: Tracing) {
  const core = await openCore(settings, clock, log, tracing)
  const { services, events, artifacts, metrics, passwordLoad } = core
  const protocol = createProtocol(core)
  const login = await createLogin(core, protocol)
  const mostClockMs = settings.clockSeconds * 1000
  await refuseWrongClock(services.database, clock, mostClockMs)
  const readiness = createReadiness({
    ...services,
    stores: createReadyCheck({ database: services.database, artifacts }),
    mostClockMs,
    clock,
    registry: metrics.registry,
  })
  const admission = createAdmission({ busyMs: settings.busyMs, registry: metrics.registry })
  const { app, words } = createServerApp(core, protocol, login, { readiness, admission })
  watchServices({
    registry: metrics.registry,
    database: services.database,
    passwordLoad,
    signingKeys: protocol.readKeys,
    clock,
  })
  watchOutlook({ ...services, registry: metrics.registry, artifacts, clock })
  const jobs = startJobs(core, protocol, { readiness, isBusy: admission.isBusy })

  // one process is enough
  if ((cluster.worker?.id ?? 1) === 1) {
    sealOlderRows(services).catch((error: unknown) =>
      log.error({ err: error }, 'rows of older versions could not be sealed'),
    )
  }

  beat()
  await serve({
    app,
    host: settings.host,
    port: settings.port,
    cookiesPage: plainCookiesPage(words),
    drainMs: settings.drainSeconds * 1000,
    stopping: readiness.stop,
    async close() {
      admission.stop()
      for (const job of jobs) await job.stop()
      await login.phoneCodes.settled()
      await login.facePool.close()
      await events.stop()
      await core.reasons.stop()
      await artifacts.close()
      await services.close()
      await tracing.close()
      cluster.worker?.disconnect()
    },
  })
  await noteIssuer(services.database, settings.issuer)
  return { portals: (await services.clients.list()).length }
}

await start({ server, beside: keepLogsShort }, process.env)
