/** Surnames of two characters that are still in use; most Han surnames have one. */
const longSurnames = new Set(
  (
    '欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 司徒 宇文 长孙 轩辕 东方 南宫 端木 百里 呼延 独孤 西门 申屠 钟离 ' +
    '太史 澹台 公冶 宗政 濮阳 淳于 单于 仲孙 闻人 万俟 赫连 闾丘 司空 歐陽 諸葛 尉遲 公孫 長孫 軒轅 東方 南宮 獨孤 西門 鍾離'
  ).split(' '),
)

/** Names of four characters are often those of two families: 陈黄美玲. */
const givenLength = 2

/**
 * The name by which a greeting addresses a person: the given name of a Han name. The whole name where that is one character,
 * where the name has a middle dot, and in other scripts.
 */
export function greetingName(name: string): string {
  const characters = Array.from(name)
  if (!/^\p{Script=Han}+$/u.test(name)) return name
  const surname = longSurnames.has(characters.slice(0, 2).join('')) && characters.length > 2 ? 2 : 1
  const given = characters.slice(Math.max(surname, characters.length === 4 ? characters.length - givenLength : surname))
  return given.length > 1 ? given.join('') : name
}
