// What open sign-in pages of computers cost: with their stream, and hidden. Then whole sign-ins by QR code.
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { letIn, scan, signedInPhone, WaitingComputer } from '../test/setup/qr.ts'
import { authorizePath } from './flow.ts'
import { collected, collecting, cpuOf, megabytesOf, quantile } from './process.ts'
import { startOurs } from './targets.ts'

const { values: options } = parseArgs({
  options: {
    pages: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '20' },
    concurrency: { type: 'string', default: '16' },
    'sign-ins': { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const pages = Number(options.pages)
const watchedMs = Number(options.seconds) * 1000
const concurrency = Number(options.concurrency)
const atOnce = 32
const people = 8

const directory = mkdtempSync(join(tmpdir(), 'yideng-qr-'))
const memoryFile = join(directory, 'memory.json')
const settings = {
  BENCH_MEMORY: memoryFile,
  YIDENG_QR_ADDRESS_CREATIONS: '1000000',
  YIDENG_QR_ACCOUNT_SCANS: '1000000',
  YIDENG_QR_SHOWN_SECONDS: '600',
  // a login ends its QR code with it, and thousands of pages take minutes to open
  YIDENG_INTERACTION_SECONDS: '3600',
  YIDENG_ADDRESS_TRIES: '1000000',
  YIDENG_ADDRESS_REQUESTS: '100000000',
  YIDENG_ADDRESS_STORED: '100000000',
  // All load comes from one address, and one person scans very often.
  YIDENG_TRUST_PROXY: 'true',
}
const { target, stop } = await startOurs({ sessions: people, settings, flags: collecting })
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const fromAnywhere = (index: number) => ({
  'x-forwarded-for': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
})
const begin = (headers: Record<string, string>) =>
  WaitingComputer.at(new URL(authorizePath(target, 'v'.repeat(43), 'qr'), target.origin), target.origin, headers)

let received = 0

/** Arrival and age of each frame of one page, in milliseconds. */
interface Arrival {
  at: number
  n: number
  age: number
}

/** Reads the stream of a page as its browser does. */
function watch(computer: WaitingComputer, arrivals: Arrival[]): Promise<() => void> {
  const cookie = computer.visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const address = `${target.origin}${computer.page.url.pathname}/qr/stream?id=${computer.id}`
  return new Promise((resolve, reject) => {
    const request = get(address, { headers: { cookie, accept: 'text/event-stream' }, agent: false }, (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`stream: ${answer.statusCode}`))
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => {
        const at = Date.now()
        received += text.length
        for (const [, json = ''] of text.matchAll(/^data: (.*)$/gm)) {
          const { frame, age = 0 } = JSON.parse(json) as { frame?: string; age?: number }
          if (frame) arrivals.push({ at, n: Number(frame.split('.').at(-2)), age })
        }
      })
      return resolve(() => request.destroy())
    })
    request.on('error', (error) => reject(error))
  })
}

async function forEachPage(act: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < pages) await act(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** CPU of the server over the watched time, as a share of one core. */
async function share() {
  const cpuBefore = cpuOf(target.pid)
  const began = performance.now()
  await wait(watchedMs)
  const elapsed = performance.now() - began
  return { elapsed, cpu: (cpuOf(target.pid) - cpuBefore) / elapsed }
}

const percent = (part: number) => `${(part * 100).toFixed(1)} % of one core`

async function openPages() {
  const idle = await share()
  const before = await collected(target.pid, memoryFile)
  /** Memory of each page, in kilobytes. */
  const grown = async () => {
    const now = await collected(target.pid, memoryFile)
    const each = (key: 'heapUsed' | 'external' | 'rss') => ((now[key] - before[key]) / 1024 / pages).toFixed(1)
    return `heap ${each('heapUsed')}, external ${each('external')}, RSS ${each('rss')} kB a page`
  }
  const computers: WaitingComputer[] = []
  await forEachPage(async (index) => {
    computers[index] = await begin(fromAnywhere(index))
  })
  // later: opening thousands of pages takes longer than codes are shown
  const all: { arrivals: Arrival[]; close: () => void }[] = []
  await forEachPage(async (index) => {
    const computer = computers[index]
    await computer?.start()
    const arrivals: Arrival[] = []
    if (computer) all.push({ arrivals, close: await watch(computer, arrivals) })
  })
  await wait(2000)
  for (const { arrivals } of all) arrivals.length = 0
  received = 0
  const { elapsed, cpu } = await share()
  const bytes = received / (elapsed / 1000) / all.length
  const delays = all.flatMap(({ arrivals }) => {
    const unique = arrivals.filter(({ n }, index) => arrivals.findIndex((one) => one.n === n) === index)
    // The start of the page's first second, by its fastest frame.
    const zero = Math.min(...unique.map(({ at, n, age }) => at - n * 1000 - age))
    return unique.map(({ at, n }) => at - n * 1000 - zero)
  })
  delays.sort((one, other) => one - other)
  const frames = delays.length / (elapsed / 1000)
  if (frames < 0.9 * pages) throw new Error(`${frames.toFixed(0)} frames a second: not every page was open`)
  console.log(`no page            ${percent(idle.cpu)}, heap ${Math.round(before.heapUsed / 1_048_576)} MB`)
  console.log(`${all.length} open QR pages on one process for ${Math.round(elapsed / 1000)} s:`)
  console.log(`  CPU              ${percent(cpu)}, ${((cpu * 1000) / frames).toFixed(3)} ms a frame`)
  console.log(`  memory           ${await grown()}; ${megabytesOf(target.pid)} MB in all`)
  console.log(`  frames           ${frames.toFixed(0)}/s, ${bytes.toFixed(0)} bytes a page and second`)
  console.log(
    `  frame delay      p50 ${quantile(delays, 0.5)} ms, p99 ${quantile(delays, 0.99)} ms, most ${delays.at(-1) ?? 0} ms`,
  )
  for (const { close } of all) close()
  await wait(2000)
  const hidden = await share()
  console.log(`the same pages hidden, their streams closed:`)
  console.log(`  CPU              ${percent(hidden.cpu)}`)
  console.log(`  memory           ${await grown()}`)
}

/** Whole sign-ins: authorization request, QR code, scan, approval, redemption, back at the portal. */
async function signIns() {
  const handsets = await Promise.all(
    Array.from({ length: concurrency }, (_, index) =>
      signedInPhone(target.origin, { username: `bench${index % people}` }, fromAnywhere(index)),
    ),
  )
  const times: number[] = []
  const cpuBefore = cpuOf(target.pid)
  const began = performance.now()
  await Promise.all(
    handsets.map(async (phone, index) => {
      while (performance.now() - began < watchedMs) {
        const beganOne = performance.now()
        const computer = await begin(fromAnywhere(index))
        await letIn(phone, await scan(phone, await computer.start()), computer)
        const page = await computer.redeem()
        if (!page.leads?.searchParams.get('code')) throw new Error(`no code: ${page.html.slice(0, 2000)}`)
        times.push(performance.now() - beganOne)
      }
    }),
  )
  const elapsed = performance.now() - began
  times.sort((one, other) => one - other)
  console.log(`sign-ins by QR code, ${concurrency} at once:`)
  console.log(`  whole sign-ins    ${((times.length / elapsed) * 1000).toFixed(1)}/s`)
  console.log(
    `  time              p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms`,
  )
  console.log(`  CPU               ${((cpuOf(target.pid) - cpuBefore) / times.length).toFixed(1)} ms each`)
}

await openPages()
if (options['sign-ins']) await signIns()
await stop()
rmSync(directory, { recursive: true })
