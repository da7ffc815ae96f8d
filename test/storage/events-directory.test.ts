import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { openDirectoryTransport } from '../../src/storage/events-directory.ts'
import { eventsContract, hearing, process } from '../contract/events.ts'

let directory: string
beforeEach(() => {
  const above = mkdtempSync(join(tmpdir(), 'yideng-events-'))
  onTestFinished(() => rmSync(above, { recursive: true, force: true }))
  directory = join(above, 'events')
})
const open = () => openDirectoryTransport(directory)

eventsContract('a directory', open)

it('leaves no files, and removes those of a dead process', async () => {
  const one = process(open())
  await hearing(one)
  writeFileSync(join(directory, 'dead@client@a'), '')
  const other = process(open())
  await hearing(other)
  for (let count = 0; count < 100; count += 1) one.events.publish('client', String(count))
  await expect.poll(() => other.heard.filter((text) => /\d/.test(text)).length).toBe(100)
  expect(readdirSync(directory)).toEqual([])
})

it('sends nothing where no process has listened yet', async () => {
  const { events, failures } = process(open(), false)
  events.publish('client', 'a')
  await events.stop()
  expect(failures).toEqual([])
})

it('creates a removed directory again with the next event, which then means all changes', async () => {
  const one = process(open())
  await hearing(one)
  await expect.poll(() => one.heard.splice(0)).toEqual(['client *', 'qr *'])
  rmSync(directory, { recursive: true })
  one.events.publish('client', 'a')
  await expect.poll(() => one.heard).toContain('qr *')
  await hearing(one)
  expect(one.failures).toHaveLength(1)
})
