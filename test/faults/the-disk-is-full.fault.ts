import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startServer, until } from '../setup/server.ts'
import { ailments, enter, enterAgain, gather, manyFromHere, signInMany, yideng } from './people.ts'
import { smallDisk } from './small-disk.ts'

it('a full disk gets a plain message, loses nothing, and recovers when there is room', async () => {
  const disk = smallDisk('48m')
  const server = await startServer({ ...manyFromHere, YIDENG_DATA_DIR: join(disk, 'data') })
  const crowd = await gather(server)
  const before = await enter(crowd, crowd.usernames[0] ?? '')
  const ballast = join(disk, 'ballast')
  const fill = () => {
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(64 * 1024), { flag: 'a' })
    } catch (error) {
      // the server also writes, so the free room is not known before
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
    }
  }
  fill()
  const answers: string[] = []
  for (let index = 0; index < 60; index += 1) {
    const { url } = await crowd.portal.begin()
    const page = await before.get(url)
    answers.push(page.leads?.searchParams.has('code') ? 'entered' : `${page.status}`)
  }
  expect(new Set(answers)).toEqual(new Set(['entered', '503'].filter((one) => answers.includes(one))))
  expect(answers.at(-1)).toBe('503')
  expect((await fetch(`${server.issuer}/healthz`)).status).toBe(200)
  const backup = join(disk, 'backup.sqlite')
  expect((await yideng(server, ['backup', backup])).stderr).toContain('full')
  expect(readdirSync(disk).toSorted()).toEqual(['ballast', 'data'])
  rmSync(ballast)
  await until(async () => enterAgain(crowd, before))
  expect((await signInMany(crowd, 20)).failures).toEqual([])
  expect(await yideng(server, ['backup', backup])).toMatchObject({ stderr: '' })
  // doctor warns of a disk of this size, and finds no other fault
  expect((await ailments(server)).map(({ what }) => what)).toEqual(['disk'])
})
