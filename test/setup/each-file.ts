import { afterAll } from 'vitest'
import { endAll } from './after-file.ts'

// registered before any hook of the file, so it runs after all of them
afterAll(endAll)
