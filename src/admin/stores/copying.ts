import { CopyRefused } from '../../storage/copy.ts'
import { failed, type Outcome } from '../outcome.ts'

/** The file of a backup. */
export const fileField = { type: 'text', positional: true, required: true, placeholder: 'FILE' } as const

interface Copied {
  /** Rows and hash by table; undefined where a file was copied whole. */
  copied?: Record<string, { rows: number; hash: string }> | undefined
  /** The number of sessions, codes and tokens that were copied too. */
  artifacts?: number
  /** Further parts of the document. */
  more?: object
  notes?: string[]
}

/** Runs a copy and reports its content, or why it was refused. */
export async function copying(copy: () => Promise<Copied>): Promise<Outcome> {
  try {
    const { copied, artifacts, more = {}, notes = [] } = await copy()
    const rows = Object.entries(copied ?? {}).map(([table, content]) => [table, content.rows, content.hash])
    return {
      ok: true,
      document: { tables: copied ?? null, ...(artifacts === undefined ? {} : { artifacts }), ...more },
      shown: copied ? { columns: ['TABLE', 'ROWS', 'SHA-256 SUM'], rows } : ['The store was copied whole.'],
      notes: [...(artifacts ? [`${artifacts} sessions, codes and tokens were copied too.`] : []), ...notes],
    }
  } catch (error) {
    if (!(error instanceof CopyRefused)) throw error
    return failed(`Nothing was copied: ${error.message}.`)
  }
}
