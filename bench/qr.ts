import { get } from 'node:http'
import { parseArgs } from 'node:util'
import { letIn, scan, signedInPhone, WaitingComputer } from '../test/setup/qr.ts'
import { authorizePath } from './flow.ts'
import { cpuOf, megabytesOf, quantile } from './process.ts'
import { startOurs } from './targets.ts'

const { values: options } = parseArgs({
  options: {
    pages: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '20' },
    concurrency: { type: 'string', default: '16' },
  },
})
const pages = Number(options.pages)
const watchedMs = Number(options.seconds) * 1000
const concurrency = Number(options.concurrency)
const atOnce = 32
const people = 8

const settings = {
  YIDENG_QR_ADDRESS_CREATIONS: '1000000',
  YIDENG_QR_ACCOUNT_SCANS: '1000000',
  YIDENG_QR_SHOWN_SECONDS: '600',
  YIDENG_ADDRESS_TRIES: '1000000',
  YIDENG_ADDRESS_REQUESTS: '100000000',
  YIDENG_ADDRESS_STORED: '100000000',
  // All load comes from one address, and one person scans very often.
  YIDENG_TRUST_PROXY: 'true',
}
const { target, stop } = await startOurs({ sessions: people, settings })
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const fromAnywhere = (index: number) => ({
  'x-forwarded-for': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
})
const begin = (headers: Record<string, string>) =>
  WaitingComputer.at(new URL(authorizePath(target, 'v'.repeat(43), 'qr'), target.origin), target.origin, headers)

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

async function openPages() {
  const all: { arrivals: Arrival[]; close: () => void }[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < pages) {
        const index = next++
        const computer = await begin(fromAnywhere(index))
        await computer.start()
        const arrivals: Arrival[] = []
        all.push({ arrivals, close: await watch(computer, arrivals) })
      }
    }),
  )
  await wait(2000)
  for (const { arrivals } of all) arrivals.length = 0
  const cpuBefore = cpuOf(target.pid)
  const began = performance.now()
  await wait(watchedMs)
  const elapsed = performance.now() - began
  const cpu = (cpuOf(target.pid) - cpuBefore) / elapsed
  const delays = all.flatMap(({ arrivals }) => {
    const unique = arrivals.filter(({ n }, index) => arrivals.findIndex((one) => one.n === n) === index)
    // The start of the page's first second, by its fastest frame.
    const zero = Math.min(...unique.map(({ at, n, age }) => at - n * 1000 - age))
    return unique.map(({ at, n }) => at - n * 1000 - zero)
  })
  delays.sort((one, other) => one - other)
  for (const { close } of all) close()
  const memory = megabytesOf(target.pid)
  console.log(`${all.length} open QR pages on one process for ${Math.round(elapsed / 1000)} s:`)
  console.log(`  CPU share         ${(cpu * 100).toFixed(0)} % of one core, ${memory} MB`)
  console.log(`  frames            ${(delays.length / (elapsed / 1000)).toFixed(0)}/s`)
  console.log(
    `  frame delay       p50 ${quantile(delays, 0.5)} ms, p99 ${quantile(delays, 0.99)} ms, most ${delays.at(-1) ?? 0} ms`,
  )
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
await signIns()
await stop()
