import './runtime.mjs'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
const { orOneSentence } = await import('./one-sentence.mjs')
const { runDemo } = await orOneSentence(() => import('../examples/demo/demo.ts'))
await runDemo(process.env, process.argv.slice(2))
