import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Builds stay between runs, outside the tree. */
export const cache = process.env['YIDENG_PORTALS_CACHE'] ?? join(tmpdir(), 'yideng-portals')
