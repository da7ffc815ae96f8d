#!/usr/bin/env node
// Finds Node.js 24 even if an older one started `npx`, then runs the command line.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const packaged = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if ((major < 24 || (major === 24 && minor < 7)) && existsSync(packaged)) {
  const self = fileURLToPath(import.meta.url)
  const { status, signal } = spawnSync(packaged, [self, ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(status ?? (signal ? 1 : 0))
}

await import('./runtime.mjs')
await import('./compile-cache.mjs')
await import('./frozen.mjs')
const { load } = await import('./program.mjs')
const { orOneSentence } = await import('./one-sentence.mjs')
await orOneSentence(() => load('yideng', 'src/cli/yideng.ts'))
