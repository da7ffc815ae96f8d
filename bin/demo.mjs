import './runtime.mjs'

await import('./compile-cache.mjs')
await import('./frozen.mjs')
const { runDemo } = await import('../examples/demo/demo.ts')
await runDemo(process.env)
