import './runtime.mjs'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
const { setFlagsFromString } = await import('node:v8')
const { load } = await import('./program.mjs')
const { orOneSentence } = await import('./one-sentence.mjs')
// the modules of a start would make V8's young generation 64 MB large, and an idle server keeps that
setFlagsFromString('--semi-space-growth-factor=1')
await orOneSentence(() => load('main', 'src/main.ts'))
setFlagsFromString('--semi-space-growth-factor=2')
// not at the top: older versions of Node.js have no such name: the check above would not run
const { flushCompileCache } = await import('node:module')
// Node.js writes the cache at exit, which a killed server does not reach.
flushCompileCache()
