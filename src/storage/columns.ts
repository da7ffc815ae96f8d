/** Milliseconds since 1970 UTC. */
export type Time = number

/** A field sealed by src/keys/field-cipher.ts. */
export type Sealed = string

/** A keyed HMAC of a normalised value, to look it up without reading it (src/keys/blind-index.ts). */
export type BlindIndex = string

/** `sensitive`: personal data or a secret, and sealed, hashed or keyed; `open`: readable by any reader of the file. */
export type Mark = 'sensitive' | 'open'
