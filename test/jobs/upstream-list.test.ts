import { writeFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { until } from '../setup/server.ts'
import { startByFakeProvider, type ByFakeProvider } from '../setup/upstreams/by-fake-provider.ts'
import { Visitor } from '../setup/visitor.ts'

let all: ByFakeProvider
beforeAll(async () => {
  all = await startByFakeProvider({ YIDENG_WORKERS: '2' })
})

const write = (rows: object[] | string) =>
  writeFileSync(all.file, typeof rows === 'string' ? rows : JSON.stringify(rows))

const times = (text: string) => all.server.output().split(text).length - 1
/** What four browsers see: two processes answer them. */
async function seen(): Promise<string> {
  const pages = await Promise.all(
    [1, 2, 3, 4].map(async () => new Visitor(all.server.issuer).get((await all.portal.begin()).url)),
  )
  const cities = pages.map(({ html }) => /[^<>]{2}市(?=统一身份认证)/u.exec(html)?.[0] ?? 'none')
  return [...new Set(cities)].join()
}

/** Each process has read the list. */
const shows = (city: string) => until(async () => (await seen()) === city)

it('takes a changed list within ten seconds, in each process', async () => {
  expect(await seen()).toBe('佛山市')
  const began = performance.now()
  write([{ ...all.rows[0], id: 'other', name: '珠海市统一身份认证' }])
  await shows('珠海市')
  expect(performance.now() - began).toBeLessThan(10_000)
  write(all.rows)
  await shows('佛山市')
})

it('keeps its list while the file cannot be used, with one line in the log', async () => {
  const kept = 'the earlier list of upstreams stays'
  write('no JSON')
  await until(() => Promise.resolve(times(kept) === 2)) // one of each process
  await new Promise((resolve) => setTimeout(resolve, 6000))
  expect(times(kept)).toBe(2)
  expect(all.server.output()).toContain('YIDENG_UPSTREAMS names a file that cannot be used: it is no JSON document')
  expect(await seen()).toBe('佛山市')
  write(all.rows)
})

it('ends the sessions of an upstream that is taken out', async () => {
  const mine = await all.enter('sub 1')
  expect(await all.isIn(mine)).toBe(true)
  write([])
  await until(async () => !(await all.isIn(mine)))
  await shows('none')
})
