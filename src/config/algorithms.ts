/**
 * Algorithms of cryptography by the names that an assessor uses, each with its Chinese standard. Those without one do not count as
 * compliant (GB/T 39786-2021, 5 a).
 */
export const algorithms = {
  SM2: 'GB/T 32918',
  SM3: 'GB/T 32905',
  SM4: 'GB/T 32907',
  ES256: undefined,
  RS256: undefined,
  EdDSA: undefined,
  'AES-256-GCM': undefined,
  'SHA-256': undefined,
  'SHA-1': undefined,
  argon2id: undefined,
} as const

export type Algorithm = keyof typeof algorithms

/** Whether an algorithm is of a Chinese standard. */
export const isNational = (algorithm: Algorithm): boolean => algorithms[algorithm] !== undefined

/** How cryptography proves the person of a sign-in: the three ways of the 《信息系统密码应用高风险判定指引》. */
export interface ProofOfPerson {
  readonly by: 'signature' | 'mac' | 'dynamic-code'
  readonly algorithms: readonly Algorithm[]
  /** A part of the stored data, where only some authenticators of the method are of this kind. */
  readonly storedAs?: string
  /** The source file that checks it, from the root of the project. */
  readonly code: string
}
