import { z } from 'zod'

const text = z.string().min(1)

/** A name that a file of `config/` gives in each language of the pages (src/pages/languages.ts). */
export const localized = z.strictObject({ 'zh-CN': text, 'zh-Hant': text, en: text })
