import './runtime.mjs'

await import('../src/main.ts')
