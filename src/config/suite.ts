/** Algorithms that protect data at rest (YIDENG_SUITE): AES and SHA-2, or the Chinese SM4 and SM3. */
export const suites = ['international', 'guomi'] as const

export type Suite = (typeof suites)[number]
