import { hash } from 'node:crypto'

/** Hash of a secret id for the store: a reader of the store cannot use the session, token or login. */
export const hashId = (id: string) => hash('sha256', id, 'base64url')
