/** GB/T 32918.5-2017, annex A.2. */
export const standard = {
  d: '3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8',
  x: '09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020',
  y: 'CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13',
  message: 'message digest',
  /** With k = 59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21. */
  r: 'F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3',
  s: 'B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA',
} as const

const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

export const standardJwk = {
  kty: 'EC',
  crv: 'SM2-P-256',
  x: base64url(standard.x),
  y: base64url(standard.y),
  d: base64url(standard.d),
} as const

/** Signed by that key, raw `r ‖ s` over header and payload (GM/T 0125.2). */
export const standardJws = [
  'eyJhbGciOiJTR0RfU00zX1NNMiIsInR5cCI6IkpXVCIsImtpZCI6ImdidDMyOTE4In0',
  'eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJwMSIsImF1ZCI6ImdtIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE3OTU5Nzg5OTIsIm5vbmNlIjoibiJ9',
  'CSmxGJzK7HHJ9tliyh08Y88aFelV_K6CshzrXoT9Gy34zMyqkzVZv8VoX9ryPq1eLYgEEu13MrDhxmJMeIkosg',
].join('.')
