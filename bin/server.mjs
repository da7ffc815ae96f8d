import './runtime.mjs'
import { flushCompileCache } from 'node:module'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
await import('../src/main.ts')
// by itself it is written at the end, which a killed server does not reach
flushCompileCache()
