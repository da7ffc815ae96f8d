/** Loaded with the first passkey: it would take a third of the start time of the server. */
export const loadWebAuthn = () => import('@simplewebauthn/server')
export const loadDecoder = () => import('@simplewebauthn/server/helpers')
