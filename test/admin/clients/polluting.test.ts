import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/http/metrics.ts'

const frozen = fileURLToPath(new URL('../../../bin/frozen.mjs', import.meta.url))

/** In a separate process, with the modules that every entry point loads first. */
function within(code: string): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `await import('${frozen}');${code}`,
  ])
  if (stderr.length > 0) throw new Error(stderr.toString())
  return JSON.parse(stdout.toString())
}

it('a property name from outside reaches no other object', () => {
  const names = [...Object.getOwnPropertyNames(Object.prototype), 'length', 'name', 'prototype']
  const said = within(`
    const reached = []
    for (const name of ${JSON.stringify(names)}) {
      const authorizations = {}
      try {
        authorizations[name] ??= {}
        authorizations[name].sid = 'x'
        authorizations[name].grantId = 'y'
      } catch {}
      if ({}.sid || [].sid || {}.grantId || Object.sid) reached.push(name)
    }
    const list = {}
    list['__proto__'] = { admin: true }
    try { Object.prototype.evil = 1 } catch {}
    try { Array.prototype.evil = 1 } catch {}
    console.log(JSON.stringify({ reached, admin: list.admin ?? null, evil: {}.evil ?? [].evil ?? null }))`)
  expect(said).toEqual({ reached: [], admin: null, evil: null })
})

it('objects may still have methods and fields with these names', () => {
  const said = within(`
    const one = {}
    one.toString = () => 'one'
    one.constructor = 'c'
    class Two { toString() { return 'two' } }
    const error = new Error('m'); error.name = 'N'; error.message = 'M'
    const three = Object.create(one); three.toString = () => 'three'
    console.log(JSON.stringify([String(one), one.constructor, String(new Two()), error.name, String(three), Object.keys(one)]))`)
  expect(said).toEqual(['one', 'c', 'two', 'N', 'three', ['toString', 'constructor']])
})

it('a failed measurement never throws into the measured code, and is logged once', async () => {
  const logged: unknown[] = []
  const metrics = createMetrics({ error: (...given: unknown[]) => void logged.push(given) })
  const timed = metrics.timed({ get: async () => 'value' } as never)
  const labels = Object.getOwnPropertyDescriptor(Object.prototype, 'sid')
  try {
    // like a polluted prototype: prom-client reads it as a label
    // oxlint-disable-next-line no-extend-native -- this is the tested attack
    Object.defineProperty(Object.prototype, 'sid', { value: 'x', enumerable: true, configurable: true, writable: true })
    metrics.seen({ event: 'login.succeeded', actor: 'person', details: { method: 'password' } })
    metrics.committed(3)
    metrics.committed(3)
    expect(await timed.get('a', 'b')).toBe('value')
    const ctx = { method: 'GET', status: 200 }
    await metrics.middleware(ctx as never, async () => undefined)
  } finally {
    if (labels === undefined) delete (Object.prototype as { sid?: string }).sid
  }
  expect(logged.length).toBeGreaterThan(0)
  expect(logged.length).toBeLessThanOrEqual(4)
})
