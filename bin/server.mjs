import './runtime.mjs'
import { flushCompileCache } from 'node:module'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
const { orOneSentence } = await import('./one-sentence.mjs')
await orOneSentence(() => import('../src/main.ts'))
// Node.js writes the cache at exit, which a killed server does not reach.
flushCompileCache()
