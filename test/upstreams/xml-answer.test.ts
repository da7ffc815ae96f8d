import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readXml, type XmlElement } from '../../src/upstreams/xml-answer.ts'
import { inLongRun } from '../setup/long-run.ts'

const plain = (element: XmlElement | undefined): unknown =>
  element && [element.name, Object.fromEntries(element.attributes), element.text, element.children.map(plain)]

it('reads elements, attributes, text and references', () => {
  const document = `<?xml version="1.0" encoding="UTF-8"?>\n<a:b xmlns:a='u"v' c="&lt;&quot;">\n <d/> <e>&#24352;&#x4e09; &amp;&apos;&gt;</e>\n</a:b>\n`
  expect(plain(readXml(document))).toEqual([
    'a:b',
    { 'xmlns:a': 'u"v', c: '<"' },
    '\n  \n',
    [
      ['d', {}, '', []],
      ['e', {}, "张三 &'>", []],
    ],
  ])
})

it.each([
  ['nothing', ''],
  ['text alone', 'a'],
  ['text beside the root', '<a/>b'],
  ['two roots', '<a/><b/>'],
  ['text beside elements', '<a>b<c/></a>'],
  ['an open element', '<a><b></b>'],
  ['ends in another order', '<a><b></a></b>'],
  ['an end alone', '</a>'],
  ['an end with an attribute', '<a></a b="c">'],
  ['a document type', '<!DOCTYPE a><a/>'],
  ['an entity of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an external entity', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
  ['an unknown entity', '<a>&nbsp;</a>'],
  ['an entity by the name of a member', '<a>&constructor;</a>'],
  ['an ampersand alone', '<a>b & c</a>'],
  ['a comment', '<a><!-- b --></a>'],
  ['a comment that splits a text', '<a>ann<!-- b -->a</a>'],
  ['a CDATA section', '<a><![CDATA[b]]></a>'],
  ['a processing instruction', '<a><?b c?></a>'],
  ['a second declaration', '<a/><?xml version="1.0"?>'],
  ['an attribute two times', '<a b="c" b="d"/>'],
  ['an attribute without quotes', '<a b=c/>'],
  ['a tag in an attribute', '<a b="<c>"/>'],
  ['the character 0', '<a>&#0;</a>'],
  ['half a character', '<a>&#xd800;</a>'],
  ['a character beyond Unicode', '<a>&#x110000;</a>'],
  ['a bell', '<a>\u0007</a>'],
  ['the end of a CDATA section', '<a>]]></a>'],
  ['nine levels', `${'<a>'.repeat(9)}${'</a>'.repeat(9)}`],
  ['501 elements', `<a>${'<b/>'.repeat(500)}</a>`],
  ['more than 65,536 characters', `<a>${'b'.repeat(65_536)}</a>`],
])('refuses %s', (_what, document) => {
  expect(readXml(document)).toBeUndefined()
})

it('reads eight levels and 500 elements', () => {
  expect(readXml(`${'<a>'.repeat(8)}${'</a>'.repeat(8)}`)).toBeDefined()
  expect(readXml(`<a>${'<b/>'.repeat(499)}</a>`)?.children).toHaveLength(499)
})

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const xmlText = fc
  .string({ unit: 'binary' })
  .filter((text) => /^[\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text) && !text.includes(']]>'))

it('gives back each text that was escaped', () => {
  fc.assert(
    fc.property(xmlText, (text) => {
      expect(readXml(`<a>${escaped(text)}</a>`)?.text).toBe(text)
    }),
    { numRuns: inLongRun(200, 5000) },
  )
})

it('never throws, and takes linear time', () => {
  const piece = fc.constantFrom(
    '<',
    '</',
    '/>',
    '>',
    'a',
    ':',
    ' ',
    '=',
    '"',
    "'",
    '&',
    ';',
    '#',
    '&lt;',
    '<a',
    '</a>',
    '!--',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      expect(['object', 'undefined']).toContain(typeof readXml(pieces.join('')))
    }),
    { numRuns: inLongRun(500, 20_000) },
  )
  const patient = ['<a ', '<a b="c"', '&', '<', '<a b ', '</a ', '<a>&#1'].map((one) =>
    one.repeat(16_000).slice(0, 65_000),
  )
  const before = performance.now()
  for (const text of [...patient, `<a${' '.repeat(65_000)}`, `<a ${'b="c" '.repeat(10_000)}`])
    expect(readXml(text)).toBeUndefined()
  expect(performance.now() - before).toBeLessThan(2000)
})
