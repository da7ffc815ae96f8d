import { expect, test } from 'vitest'
import { minifyCss, minifyJs } from '../../src/pages/minify.ts'

test.each([
  ['a {\n  color: red;\n}\n', 'a{color:red}'],
  ['/* words; } */\na,\nb > c {\n  margin: 0 1px;\n}', 'a,b>c{margin:0 1px}'],
  ["a::before {\n  content: ' ;  } ';\n}", "a::before{content:' ;  } '}"],
  ['a {\n  width: calc(100% - 2 * var(--s1));\n}', 'a{width:calc(100% - 2 * var(--s1))}'],
  ['@media (min-width: 60em) {\n  a :hover {\n    top: 0;\n  }\n}', '@media (min-width:60em){a :hover{top:0}}'],
  [
    'a:not(.b) .c {\n  font:\n    400 1rem / 1.6 serif,\n    sans-serif;\n}',
    'a:not(.b) .c{font:400 1rem / 1.6 serif,sans-serif}',
  ],
  [':root {\n  --shade: rgb(28 32 30 / 55%);\n}', ':root{--shade:rgb(28 32 30 / 55%)}'],
])('%j is the style sheet %j', (css, small) => {
  expect(minifyCss(css)).toBe(small)
})

test.each([
  ['// words\nif (a)\n  b()\n', 'if (a)\nb()'],
  ["  const url = 'https://x' // end\n", "const url = 'https://x' // end"],
  ['/* words\n   more */\nlet a = 1\n\nlet b = 2\n', 'let a = 1\nlet b = 2'],
  ['let a = `\n  b\n`\n', 'let a = `\n  b\n`\n'],
  ['let a = `b ${c}`\n', 'let a = `b ${c}`'],
])('%j is the script %j', (js, small) => {
  expect(minifyJs(js)).toBe(small)
})
