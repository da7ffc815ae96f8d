/**
 * Whether a text without Chinese characters is one of Chinese characters alone, when its bytes are read as GB18030.
 * Such a text comes from a GBK file that was read as UTF-8: `Ҧΰ` has the bytes of 姚伟.
 */
export function looksMisread(text: string): boolean {
  if (/[\p{Script=Han}\p{ASCII}]/u.test(text) || text === '') return false
  return /^\p{Script=Han}+$/u.test(new TextDecoder('gb18030').decode(Buffer.from(text)))
}
