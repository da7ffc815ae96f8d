/** A style sheet without comments and without white space that means nothing; strings stay as they are. */
export function minifyCss(css: string): string {
  return outsideStrings(css.replaceAll(/\/\*[\s\S]*?\*\//g, ''), (text) =>
    text
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/ ?([{};,>]) ?/g, '$1')
      .replaceAll(/([\w-]): /g, '$1:')
      .replaceAll(';}', '}'),
  ).trim()
}

/** Strings have their quotes around them; the style sheets of this project have no quote inside one. */
const outsideStrings = (text: string, change: (part: string) => string): string =>
  text
    .split(/('[^'\n]*'|"[^"\n]*")/)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('')

/** A script without indents, and without lines that are only a comment. One with text over several lines stays as it is. */
export function minifyJs(js: string): string {
  const lines = js.replaceAll(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, '').split('\n')
  if (lines.some((line) => (line.match(/`/g) ?? []).length % 2 === 1)) return js
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n')
}
