// Keeps compiled code between starts, in a directory that only the owner of the installation can write.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

const directory = fileURLToPath(new URL('../node_modules/.cache/yideng', import.meta.url))
enableCompileCache(directory)
// For threads: each has its own loader and would strip types again.
process.env.NODE_COMPILE_CACHE ??= directory
