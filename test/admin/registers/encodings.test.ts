import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCharacter } from '../../../src/accounts/identifiers/gb11643.ts'
import { commandLine } from '../../cli/in-process.ts'

const numberOf = (serial: number) => {
  const body = `44030519900307${String(serial).padStart(3, '0')}`
  return body + checkCharacter(body)
}

/** Bytes of names. GBK and GB18030 by their tables (GB 18030-2022), not by a decoder of this program. */
const gb: Record<string, string> = {
  张伟: 'd5c5ceb0',
  姚伟: 'd2a6ceb0', // also valid UTF-8: Ҧΰ
  谢薇: 'd0bbdeb1', // also valid UTF-8
  李镕: 'c0eee946',
  𠮷田: '9534b235ccef',
  李𰻝: 'c0ee9a378637',
  玥: 'ab68',
}
const utf8 = (name: string) => Buffer.from(name)
const gbk = (name: string) => Buffer.from(gb[name] ?? '', 'hex')
const latin = (name: string) => Buffer.from(name)

const head = Buffer.from('document_type,document_number,name')
const end = Buffer.from('\n')
const row = (serial: number, name: Buffer, type = 'resident_id') =>
  Buffer.concat([Buffer.from(`\n${type},${type === 'resident_id' ? numberOf(serial) : `E1234567${serial}`},`), name])
const file = (...rows: Buffer[]) => Buffer.concat([head, ...rows])
const marked = (content: Buffer) => Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), content])
const utf16 = (text: string) => Buffer.from(`\u{feff}${text}`, 'utf16le')

function importing(content: Buffer) {
  const line = commandLine()
  const path = join(line.directory, 'register.csv')
  writeFileSync(path, content)
  return {
    run: (...flags: string[]) => line.yideng('register', 'import', path, '--kind', 'people', '--json', ...flags),
    knows: (serial: number, nameKey: string) =>
      line.withServices(({ register }) =>
        register.match({ documentType: 'resident_id', documentNumber: numberOf(serial), nameKey }),
      ),
    people: () => line.withServices(({ database }) => database.selectFrom('population_register').selectAll().execute()),
  }
}

const asked = ['--encoding', 'gb18030']
const asked8 = ['--encoding', 'utf-8']

describe('the encoding of a register: a name arrives as it was written', () => {
  it.each<[string, Buffer, string[], string]>([
    ['UTF-8 without a mark', file(row(1, utf8('张伟'))), [], '张伟'],
    ['UTF-8 without a mark, named', file(row(1, utf8('张伟'))), asked8, '张伟'],
    ['UTF-8 with a mark', marked(file(row(1, utf8('张伟')))), [], '张伟'],
    ['UTF-8 with a mark, though GB18030 is named', marked(file(row(1, utf8('张伟')))), asked, '张伟'],
    ['UTF-8 with a character of four bytes', file(row(1, utf8('𠮷田'))), [], '𠮷田'],
    ['UTF-8, the last line without an end', file(row(1, utf8('张伟'))), [], '张伟'],
    ['UTF-8 with an end of the last line', file(row(1, utf8('张伟')), end), [], '张伟'],
    ['GBK', file(row(1, gbk('张伟'))), asked, '张伟'],
    ['GBK beyond GB 2312', file(row(1, gbk('李镕'))), asked, '李镕'],
    ['GBK that is valid UTF-8 too', file(row(1, gbk('姚伟'))), asked, '姚伟'],
    ['GBK, some lines valid UTF-8 too', file(row(2, gbk('谢薇')), row(1, gbk('张伟'))), asked, '张伟'],
    ['GB18030 with a character of four bytes', file(row(1, gbk('𠮷田'))), asked, '𠮷田'],
    ['UTF-16 with a mark', utf16(`document_type,document_number,name\nresident_id,${numberOf(1)},张伟`), [], '张伟'],
    [
      'UTF-16, though GB18030 is named',
      utf16(`document_type,document_number,name\nresident_id,${numberOf(1)},张伟`),
      asked,
      '张伟',
    ],
    ['ASCII', file(row(1, latin('ANNA SMITH'))), [], 'ANNA SMITH'],
    ['ASCII, GB18030 is named', file(row(1, latin('ANNA SMITH'))), asked, 'ANNA SMITH'],
  ])('%s', async (_what, content, flags, name) => {
    const { run, knows, people } = importing(content)
    const { code, err } = await run(...flags)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(await knows(1, name)).toBe('match')
    expect(await people()).not.toEqual([])
  })
})

describe('the encoding of a register: a doubtful file is refused with its line, and nothing is imported', () => {
  const filler = Array.from({ length: 3000 }, (_, at) => row(at % 900, gbk('张伟')))
  it.each<[string, Buffer, string[], RegExp]>([
    ['UTF-8 that is named GB18030', file(row(1, latin('ANNA')), row(2, utf8('张伟'))), asked, /is UTF-8.*line 3/],
    ['UTF-8 of four bytes that is named GB18030', file(row(1, utf8('𠮷'))), asked, /is UTF-8.*line 2/],
    ['UTF-8 of Latin letters that is named GB18030', file(row(1, latin('José'))), asked, /is UTF-8.*line 2/],
    [
      'a line of UTF-8 in GBK',
      file(row(1, gbk('张伟')), row(2, utf8('李四')), row(3, gbk('谢薇'))),
      asked,
      /is UTF-8.*line 3/,
    ],
    ['a line of UTF-8 far down in GBK', file(...filler, row(950, utf8('李四'))), asked, /is UTF-8.*line 3002/],
    [
      'a line of UTF-8 after ends of old Macs',
      Buffer.from(
        file(row(1, gbk('张伟')), row(2, utf8('李四')))
          .toString('latin1')
          .replaceAll('\n', '\r'),
        'latin1',
      ),
      asked,
      /is UTF-8.*line 3/,
    ],
    ['a line of GBK in UTF-8', file(row(1, utf8('李四')), row(2, gbk('张伟'))), [], /is not UTF-8 .*line 3/],
    [
      'a line of GBK in UTF-8 with a mark',
      marked(file(row(1, utf8('李四')), row(2, gbk('张伟')))),
      asked,
      /is not UTF-8.*line 3/,
    ],
    ['GBK', file(row(1, latin('ANNA')), row(2, gbk('张伟'))), [], /is not UTF-8 \(line 3\), but may be GB18030/],
    ['GBK that is named UTF-8', file(row(1, gbk('张伟'))), asked8, /is not UTF-8 \(line 2\)/],
    ['GBK that is valid UTF-8 too', file(row(1, gbk('姚伟'))), [], /line 2/],
    ['GB18030 of four bytes', file(row(1, gbk('𠮷田'))), [], /is not UTF-8 \(line 2\)/],
    [
      'UTF-8 that ends within a character',
      file(row(1, utf8('张三')), row(2, utf8('李四').subarray(0, -1))),
      [],
      /line 3/,
    ],
    ['UTF-8 that ends after the first byte of a character', file(row(1, utf8('张三').subarray(0, 4))), [], /line 2/],
    ['GBK that ends within a character', file(row(1, gbk('张伟').subarray(0, -1))), asked, /is not GB18030.*line 2/],
    ['GB18030 that ends within four bytes', file(row(1, gbk('李𰻝').subarray(0, -1))), asked, /is not GB18030.*line 2/],
    ['bytes of neither', file(row(1, utf8('张三')), row(2, Buffer.of(0xff, 0xff))), [], /is not UTF-8.*line 3/],
    [
      'bytes of neither, GB18030 is named',
      file(row(1, gbk('张伟')), row(2, Buffer.of(0xff, 0xff))),
      asked,
      /is not GB18030.*line 3/,
    ],
    ['UTF-8 of a surrogate (CESU-8)', file(row(1, Buffer.from('eda182edbeb7', 'hex'))), [], /is not UTF-8.*line 2/],
    ['UTF-8 of more bytes than needed', file(row(1, Buffer.of(0xc0, 0xaf))), [], /is not UTF-8.*line 2/],
    [
      'UTF-16 that ends within a character',
      utf16(`document_type,document_number,name\nresident_id,${numberOf(1)},张`).subarray(0, -1),
      [],
      /is not UTF-16LE.*line 2/,
    ],
  ])('%s', async (_what, content, flags, message) => {
    const { run, people } = importing(content)
    const { code, err } = await run(...flags)
    expect(code).toBe(2)
    expect(err).toMatch(message)
    expect(await people()).toEqual([])
  })

  it('a file that is refused as GBK can be imported as GB18030, and never the reverse', async () => {
    for (const content of [file(row(1, gbk('张伟'))), file(row(1, gbk('姚伟')))]) {
      const { run } = importing(content)
      expect((await run()).code).toBe(2)
      expect((await run(...asked)).code).toBe(0)
    }
  })
})
