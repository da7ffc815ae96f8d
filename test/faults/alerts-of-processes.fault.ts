import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { startServer, until, workersOf, type RunningServer } from '../setup/server.ts'
import { backedUp, machine, watchAtNight } from './night.ts'

const two = async () => backedUp(await startServer({ YIDENG_WORKERS: '2', YIDENG_DRAIN_SECONDS: '300' }))
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const metrics = async (server: RunningServer) => machine(server).read()
const bothAnswer = (server: RunningServer) =>
  until(async () => (await metrics(server)).includes('yideng_server_processes{state="answering"} 2'))

describe.skipIf(cannotRun('promtool'))('alerts about server processes', () => {
  it('YidengProcessDies: one is killed three times', async () => {
    const server = await two()
    await bothAnswer(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    for (let deaths = 0; deaths < 3; deaths += 1) {
      const before = workersOf(server)
      process.kill(before[0] ?? expect.fail(), 'SIGKILL')
      await until(async () => workersOf(server).length === 2 && workersOf(server).join() !== before.join())
    }
    await bothAnswer(server)
    await night.pass(1)
    night.fires('YidengProcessDies')
    night.still(16)
    night.isQuiet()
    night.judge()
  })

  it('YidengFewProcesses: one dies, and no other can start', async () => {
    const server = await two()
    await bothAnswer(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const file = join(server.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json')
    renameSync(file, `${file}.away`)
    process.kill(workersOf(server)[0] ?? expect.fail(), 'SIGKILL')
    await until(async () => workersOf(server).length === 1)
    await night.pass(3)
    night.fires('YidengFewProcesses')
    renameSync(`${file}.away`, file)
    await bothAnswer(server)
    await night.pass(1)
    night.still(16)
    night.isQuiet()
    night.judge()
  })

  it('YidengProcessHangs: one hangs, and is killed', async () => {
    const server = await two()
    await bothAnswer(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const hung = workersOf(server)[0] ?? expect.fail()
    process.kill(hung, 'SIGSTOP')
    await night.pass(0.5)
    await until(async () => !workersOf(server).includes(hung))
    await bothAnswer(server)
    await night.pass(2)
    night.fires('YidengProcessHangs')
    night.still(16)
    night.isQuiet()
    night.judge()
  })

  it('YidengDoesNotStop: one is told to stop, and stays', async () => {
    const server = await two()
    await bothAnswer(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const [late = 0] = workersOf(server)
    process.kill(late, 'SIGTERM')
    await until(async () => (await metrics(server)).includes('yideng_ready{need="stopping"} 0'))
    await night.pass(6)
    night.fires('YidengDoesNotStop')
    process.kill(late, 'SIGKILL')
    await until(async () => !workersOf(server).includes(late))
    await bothAnswer(server)
    await night.pass(1)
    night.isQuiet()
    night.judge()
  })

  it('YidengEventLoopStalls: one gets too little of the processor', async () => {
    const server = await backedUp(await startServer())
    const night = watchAtNight([machine(server)], ['nodejs_eventloop_lag_p99_seconds'])
    await night.pass(1)
    night.isQuiet()
    await night.pass(6, async () => {
      await wait(50) // the delays are measured from the second turn after a look
      process.kill(server.pid(), 'SIGSTOP')
      await wait(450)
      process.kill(server.pid(), 'SIGCONT')
      await wait(30)
    })
    night.fires('YidengEventLoopStalls')
    await night.pass(1, () => wait(200))
    night.isQuiet()
    night.judge()
  })

  it('YidengAllDown, YidengMachineDown: one machine of two ends, then the other', async () => {
    const servers = await Promise.all([startServer(), startServer()])
    const [one, other] = servers
    for (const server of servers) await backedUp(server)
    const night = watchAtNight([machine(one), machine(other, 'b')])
    await night.pass(1)
    night.isQuiet()
    await other.kill('SIGKILL')
    await night.pass(3)
    night.fires('YidengMachineDown')
    await one.kill('SIGKILL')
    await night.pass(3)
    night.fires('YidengAllDown', 'YidengMachineDown')
    await Promise.all(servers.map((server) => server.restart()))
    await night.pass(1)
    night.isQuiet()
    night.judge()
  })
})
