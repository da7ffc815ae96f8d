// Keeps compiled code between starts, in a place only the owner of the installation writes to.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

const directory = fileURLToPath(new URL('../node_modules/.cache/yideng', import.meta.url))
enableCompileCache(directory)
// for threads: each begins with a loader of its own, and would strip types again
process.env.NODE_COMPILE_CACHE ??= directory
