import './runtime.mjs'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
const { load } = await import('./program.mjs')
const { orOneSentence } = await import('./one-sentence.mjs')
await orOneSentence(() => load('main', 'src/main.ts'))
// not at the top: older versions of Node.js have no such name: the check above would not run
const { flushCompileCache } = await import('node:module')
// Node.js writes the cache at exit, which a killed server does not reach.
flushCompileCache()
