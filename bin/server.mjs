import './runtime.mjs'
import { flushCompileCache } from 'node:module'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
await import('../src/main.ts')
// Node.js writes the cache at exit, which a killed server does not reach.
flushCompileCache()
