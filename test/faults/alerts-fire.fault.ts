import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { registerOldPortal } from '../setup/old-portal.ts'
import { yideng } from './people.ts'
import { startPrometheus } from './prometheus.ts'

describe.skipIf(cannotRun('Prometheus'))('alerts fire by their real cause, and end with it', () => {
  it('no backup, a portal near its end, no machine', async () => {
    const server = await startServer()
    const prometheus = await startPrometheus([new URL(server.issuer).host])
    await prometheus.fires('YidengBackupOld')
    expect(await prometheus.firing()).toEqual(['YidengBackupOld'])
    await yideng(server, ['backup', join(temporaryDirectory(), 'backup.sqlite')])
    await prometheus.isQuiet('YidengBackupOld')

    const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
    await registerOldPortal(await server.services(), { legacy_until: soon })
    await server.forward(61_000)
    await prometheus.fires('YidengLegacyEnds')

    await server.kill('SIGTERM')
    await prometheus.fires('YidengAllDown', 'YidengMachineDown')
    await server.restart()
    await prometheus.isQuiet('YidengAllDown', 'YidengMachineDown')
  })

  it('a process that dies again and again', async () => {
    const server = await startServer({ YIDENG_WORKERS: '2' })
    const prometheus = await startPrometheus([new URL(server.issuer).host])
    await prometheus.fires('YidengBackupOld') // it has looked
    for (let deaths = 0; deaths < 3; deaths += 1) {
      const before = workersOf(server)
      process.kill(before[0] ?? expect.fail(), 'SIGKILL')
      await until(async () => workersOf(server).length === 2 && workersOf(server).join() !== before.join())
    }
    await prometheus.fires('YidengProcessDies')
  })

  it.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('a wrong clock', async () => {
    const server = await startServer({ ...(await scaleOut()), YIDENG_CLOCK_SECONDS: '5' })
    const prometheus = await startPrometheus([new URL(server.issuer).host])
    await prometheus.fires('YidengBackupOld')
    await server.forward(3000)
    await prometheus.fires('YidengClockDrifts')
    await server.forward(600_000)
    await prometheus.fires('YidengClockWrong')
    await server.forward(-603_000)
    await prometheus.isQuiet('YidengClockWrong', 'YidengClockDrifts')
  })
})
