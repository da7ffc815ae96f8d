import { afterAll } from 'vitest'
import { endAll } from './after-file.ts'

// registered before the hooks of the file, so it runs after them
afterAll(endAll)
