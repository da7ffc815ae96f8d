/** Loaded when the first passkey is checked: it would be a third of the time the server takes to start. */
export const loadWebAuthn = () => import('@simplewebauthn/server')
export const loadDecoder = () => import('@simplewebauthn/server/helpers')
