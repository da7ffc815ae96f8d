import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../setup/temporary.ts'
import { build, builtFirst } from './build.ts'

const example = { folder: 'authlib-flask', needs: ['sh'], fetch: [['sh', '-c', 'echo fetched >> commands']] }
const compiled = { ...example, compile: [['sh', '-c', 'echo compiled >> commands']] }
const late = { ...example, fetch: [['sh', '-c', 'echo begun >> commands; sleep 60 & wait']] }

describe('the build of an example', () => {
  it('runs its commands in a copy of its folder, once', async () => {
    const cache = temporaryDirectory()
    const built = await build(compiled, 60, cache)
    expect(await build(compiled, 60, cache)).toEqual(built)
    const { directory } = built as { directory: string }
    expect(readFileSync(join(directory, 'commands'), 'utf8')).toBe('fetched\ncompiled\n')
    expect(existsSync(join(directory, 'portal.py'))).toBe(true)
  })

  const skipped: [string, Parameters<typeof build>[0], number, string | RegExp][] = [
    ['a program that is not there', { ...example, needs: ['no-such-program'] }, 60, /has no no-such-program$/],
    [
      'a registry that does not answer',
      { ...example, fetch: [['sh', '-c', 'echo no route; exit 1']] },
      60,
      /no route$/,
    ],
    ['a fetch that does not end', late, 0.5, 'not built in 1 s'],
    ['a compiler that does not end', { ...example, compile: [['sleep', '60']] }, 0.5, 'not built in 1 s'],
    ['no time that is left', example, 0, /^its turn did not come/],
  ]
  it.each(skipped)('names the reason: %s', async (_, one, seconds, reason) => {
    const began = performance.now()
    const built = (await build(one, seconds, temporaryDirectory())) as { notRun: string }
    expect(built.notRun).toMatch(reason)
    expect(performance.now() - began).toBeLessThan(30_000)
  })

  it('fails where the example itself is wrong', async () => {
    const wrong = { ...example, compile: [['sh', '-c', 'echo no such function; exit 1']] }
    await expect(build(wrong, 60, temporaryDirectory())).rejects.toThrow('no such function')
  })

  it('goes on in the next run from what it had when its time was over', async () => {
    const cache = temporaryDirectory()
    const command = ['sh', '-c', 'if [ -e begun ]; then exit 0; fi; touch begun; sleep 60']
    expect(await build({ ...example, fetch: [command] }, 0.5, cache)).toHaveProperty('notRun')
    expect(await build({ ...example, fetch: [command] }, 60, cache)).toHaveProperty('directory')
  })

  it('comes after the examples that are built already', async () => {
    const cache = temporaryDirectory()
    await build(compiled, 60, cache)
    expect(builtFirst([late, example, compiled], cache)).toEqual([compiled, late, example])
  })
})
