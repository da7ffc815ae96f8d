#!/usr/bin/env node
// Finds Node.js 24 even if an older one started `npx`, then runs the command line.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const packaged = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))

if (Number(process.versions.node.split('.')[0]) < 24 && existsSync(packaged)) {
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
