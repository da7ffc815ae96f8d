// Keeps compiled code between starts, in a place only the owner of the installation writes to.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/yideng', import.meta.url)))
