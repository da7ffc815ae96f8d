import type { RowSeal } from '../keys/row-seal.ts'
import type { UpstreamTables } from '../storage/schema-upstreams.ts'

type Row = UpstreamTables['upstream_links']
/** What the seal of a link is over. */
export type SealedLink = Omit<
  Row,
  'mac' | 'alias' | 'batch' | 'last_used_at' | 'undo_until' | 'held_until' | 'paused_at'
>

const macAad = ({ upstream, subject_index: index }: SealedLink) => `upstream_links.mac:${upstream}:${index}`

const values = (row: SealedLink) => [
  row.upstream,
  row.subject_index,
  row.person_id,
  row.level,
  row.document_index,
  row.linked_at,
  row.opened,
  row.way,
]

/** The seal of a link: over the account of the upstream, its person, level, number, and the way it was made. */
export const sealOfLink = (seal: RowSeal, row: SealedLink): string => seal.seal(macAad(row), values(row))

export const isLinkSealed = (seal: RowSeal, row: Row): boolean => seal.holds(macAad(row), values(row), row.mac)
