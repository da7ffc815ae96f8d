import { hash } from 'node:crypto'

/** What a secret id is kept under: whoever reads the store cannot use the session, token or login behind it. */
export const hashId = (id: string) => hash('sha256', id, 'base64url')
