import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCharacter } from '../../../src/accounts/identifiers/gb11643.ts'
import { fullWidth } from '../../accounts/identifiers/hostile-texts.ts'
import { commandLine } from '../../cli/in-process.ts'

const head = 'document_type,document_number,name'
const numberOf = (serial: number) => {
  const body = `44030519900307${String(serial).padStart(3, '0')}`
  return body + checkCharacter(body)
}
const numberWithX = numberOf(
  Array.from({ length: 99 }, (_, at) => at + 2).find((at) => numberOf(at).endsWith('X')) ?? 0,
)
const gb18030 = ['--encoding', 'gb18030']
const row = (serial: number, name: string) => `resident_id,${numberOf(serial)},${name}`
/** As Excel saves a number: 15 digits and zeros. */
const rounded = (serial: number) => `${numberOf(serial).slice(0, 15)}000`

/** Names in GBK, as Chinese Excel saves them; 姚 and 伟, 谢 and 薇 are valid UTF-8. */
const gbk = {
  张伟: [0xd5, 0xc5, 0xce, 0xb0],
  姚伟: [0xd2, 0xa6, 0xce, 0xb0],
  谢薇: [0xd0, 0xbb, 0xde, 0xb1],
}
const inGbk = (names: (keyof typeof gbk)[], between = '\r\n') =>
  Buffer.concat([
    Buffer.from(head),
    ...names.flatMap((name, at) => [Buffer.from(`${between}resident_id,${numberOf(at + 1)},`), Buffer.from(gbk[name])]),
  ])

const utf16 = (text: string, mark: boolean) => Buffer.from((mark ? '\u{feff}' : '') + text, 'utf16le')
const lines = (...rows: string[]) => [head, ...rows].join('\r\n')

function importing(content: string | Buffer, kind = 'people') {
  const line = commandLine()
  const file = join(line.directory, 'register.csv')
  writeFileSync(file, content)
  return {
    ...line,
    run: (...flags: string[]) => line.yideng('register', 'import', file, '--kind', kind, '--json', ...flags),
    knows: (serial: number, nameKey: string) =>
      line.withServices(({ register }) =>
        register.match({ documentType: 'resident_id', documentNumber: numberOf(serial), nameKey }),
      ),
    people: () => line.withServices(({ database }) => database.selectFrom('population_register').selectAll().execute()),
  }
}

describe('a damaged file is refused as a whole, and nothing is imported', () => {
  it.each<[string, string | Buffer, string[], string]>([
    ['GBK (objectstack-ai/objectui#2556)', inGbk(['张伟', '姚伟', '谢薇']), [], 'GB18030'],
    ['GBK, its only bad byte in the last row', inGbk(['姚伟', '谢薇', '张伟']), [], 'GB18030'],
    ['GBK that is valid UTF-8', inGbk(['姚伟', '谢薇']), [], 'GB18030'],
    [
      'UTF-8 with one broken byte',
      Buffer.concat([Buffer.from(lines(row(1, '张三'), row(2, '李'))), Buffer.of(0xe5)]),
      [],
      'line 3',
    ],
    ['UTF-8 with lost characters', lines(row(1, '张三'), row(2, '李\u{fffd}')), [], 'line 3'],
    ['UTF-8 given as GB18030', lines(row(1, '张三')), ['--encoding', 'gb18030'], 'is UTF-8'],
    ['UTF-16 cut within a character', utf16(lines(row(1, '张三')), true).subarray(0, -1), [], 'UTF-16LE'],
    ['one number that Excel rounded', lines('resident_id,440301199003070000,张三'), [], 'Excel'],
    ['numbers that Excel rounded', lines(...[1, 2, 3].map((n) => `resident_id,${rounded(n)},张三`)), [], 'Excel'],
    [
      'some rounded among good ones',
      lines(row(101, '张三'), `resident_id,${rounded(201)},李四`, row(301, '王五')),
      [],
      'Excel',
    ],
    [
      'a number as 4.4E+17 (cookieY/Yearning-go#39)',
      lines(row(1, '张三'), 'resident_id,4.40981E+17,李四'),
      [],
      'Excel',
    ],
    ['a power of ten without a plus sign', lines(row(1, '张三'), 'resident_id,4.40981e17,李四'), [], 'Excel'],
    ['a power of ten with a comma', lines(row(1, '张三'), 'resident_id,"4,40981E+17",李四'), [], 'Excel'],
    ['a power of ten in full-width digits', lines(row(1, '张三'), 'resident_id,４.４０E+１７,李四'), [], 'Excel'],
    ['a power of ten of three digits', lines(row(1, '张三'), 'resident_id,4.40981E+017,李四'), [], 'Excel'],
    ['groups of thousands', lines(row(1, '张三'), 'resident_id,"440,301,199,003,070,000",李四'), [], 'Excel'],
    ['decimals', lines(row(1, '张三'), 'resident_id,440301199003070000.00,李四'), [], 'Excel'],
    ['a float of another program', lines(row(1, '张三'), `resident_id,${numberOf(2)}.0,李四`), [], 'Excel'],
    ['an error of newer spreadsheets', lines(row(1, '张三'), row(2, '#SPILL!')), [], 'Excel'],
    ['a column that was too narrow', lines(row(1, '张三'), 'resident_id,##########,李四'), [], 'Excel'],
    ['question marks of an old code page', lines(row(1, '张三'), row(2, '??')), [], 'lost'],
    ['a question mark for a rare character', lines(row(1, '张三'), row(2, '李?')), [], 'lost'],
    ['lost characters that were read as GBK', lines(row(1, '张三'), row(2, '锟斤拷')), [], 'lost'],
    ['Latin letters of GBK', lines(row(1, '张三'), row(2, 'ÕÅÎ°')), [], 'line 3'],
    ['a workbook', Buffer.from('504b0304140006000800', 'hex'), [], 'workbook'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), [], 'workbook'],
    ['Big5', Buffer.concat([Buffer.from(lines(row(1, ''))), Buffer.of(0xb1, 0x69, 0xb0, 0xb6)]), [], 'line 2'],
    ['GB18030 with its mark', Buffer.concat([Buffer.of(0x84, 0x31, 0x95, 0x33), inGbk(['张伟'])]), [], 'GB18030'],
    ['UTF-32', utf16(lines(row(1, '张三')).split('').join('\0'), true), [], 'must begin'],
    ['columns in another order', 'name,document_type,document_number', [], 'must begin'],
    ['a column twice', `${head},name`, [], 'must begin'],
    ['an error in place of a name', lines(row(1, '张三'), row(2, '#NAME?')), [], 'Excel'],
    ['a Chinese name in Greek letters', lines(row(1, '张三'), row(2, 'Ҧΰ')), [], 'line 3'],
  ])('%s', async (_what, content, flags, message) => {
    const { run, people } = importing(content)
    expect(await run(...flags)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) as string })
    expect(await people()).toEqual([])
  })
})

describe('a file that only looks unusual is imported with its right values', () => {
  const written = `resident_id,${numberOf(1)},张三`
  it.each<[string, string | Buffer, string[]]>([
    ['GB18030 on request', inGbk(['张伟']), ['--encoding', 'gb18030']],
    ['UTF-16 with a mark', utf16(lines(row(1, '张伟')), true), []],
    ['UTF-16 without a mark', utf16(lines(row(1, '张伟')), false), []],
    ['UTF-16, big-endian', utf16(lines(row(1, '张伟')), true).swap16(), []],
    ['"Unicode text" of Excel', utf16(lines(row(1, '张伟')).replaceAll(',', '\t'), true), []],
    ['semicolons', lines(row(1, '张伟')).replaceAll(',', ';'), []],
    ['an apostrophe before the number', lines(written.replace(',4', ",'4").replace('张三', '张伟')), []],
    ['an apostrophe before everything', lines(`'resident_id,'${numberOf(1)},'张伟`), []],
    ['a formula', lines(`resident_id,="${numberOf(1)}",="张伟"`), []],
    ['a quoted formula', lines(`resident_id,"=""${numberOf(1)}""",张伟`), []],
    ['a tab before the number', lines(`resident_id,\t${numberOf(1)},张伟`), []],
    ['quotation marks', lines(`"resident_id","${numberOf(1)}","张伟"`), []],
    ['invisible marks', lines(`resident_id,\u{202d}${numberOf(1)}\u{202c},张\u{200b}伟`), []],
    ['UTF-16, big-endian, without a mark', utf16(lines(row(1, '张伟')), false).swap16(), []],
    ['UTF-16 with quotation marks', utf16(lines(`"resident_id","${numberOf(1)}","张伟"`), true), []],
    ['UTF-16, although the flag says UTF-8', utf16(lines(row(1, '张伟')), true), ['--encoding', 'utf-8']],
    ['GB18030 with its mark', Buffer.concat([Buffer.of(0x84, 0x31, 0x95, 0x33), inGbk(['张伟'])]), gb18030],
    ['line ends of an old Mac', `${lines(row(1, '张伟')).replaceAll('\r\n', '\r')}\r`, []],
    ['line ends that were doubled', lines(row(1, '张伟')).replaceAll('\r\n', '\r\r\n'), []],
    ['a line end in a quoted name', lines(`resident_id,${numberOf(1)},"张\n伟"`), []],
    ['a line end behind a quoted number', lines(`resident_id,"${numberOf(1)}\r\n","张伟"`), []],
    ['empty columns', [`${head},,`, `${row(1, '张伟')},,`, ',,,,'].join('\n'), []],
    ['an empty column of the rows only', [head, `${row(1, '张伟')},`].join('\n'), []],
    ['a header with spaces', lines(row(1, '张伟')).replaceAll('document_', ' Document_').replace('name', 'Name '), []],
    ['a header in quotation marks', lines(row(1, '张伟')).replace(head, `"${head.replaceAll(',', '","')}"`), []],
    ['the header a second time', lines(row(1, '张伟'), head), []],
    ['the line of Excel for the separator', `sep=;\r\n${lines(row(1, '张伟')).replaceAll(',', ';')}`, []],
    ['empty lines and rows', lines('', '   ', ',,', '"","",""', row(1, '张伟'), '', '\t', ',,', ''), []],
    ['an empty line before the header', `\r\n${lines(row(1, '张伟'))}`, []],
    ['a type in capitals', lines(row(1, '张伟').replace('resident_id', ' RESIDENT_ID ')), []],
    ['full-width digits', lines(`resident_id,${fullWidth(numberOf(1))},张伟`), []],
    ['a curly apostrophe', lines(`resident_id,‘${numberOf(1)},张伟`), []],
    ['apostrophes around the cells', lines(`resident_id,'${numberOf(1)}','张伟'`), []],
    ['spaces around quotation marks', lines(`resident_id, "${numberOf(1)}" , "张伟" `), []],
    ['x in lower case', lines(row(1, '张伟'), `resident_id,${numberWithX.toLowerCase()},李四`), []],
    ['two byte order marks', `\u{feff}\u{feff}${lines(row(1, '张伟'))}`, []],
    ['a byte order mark', `\u{feff}${lines(row(1, '张伟'))}`, []],
  ])('%s', async (_what, content, flags) => {
    const { run, knows } = importing(content)
    const { code, out, err } = await run(...flags)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const report = JSON.parse(out) as Record<'rows' | 'imported', number>
    expect(report).toMatchObject({ imported: report.rows, refused_count: 0, repeated: 0 })
    expect(await knows(1, '张伟')).toBe('match')
  })

  it('numbers that end in 000, when the administrator says that they are right', async () => {
    const { run } = importing(lines('resident_id,440301199003070000,张三'))
    expect(await run('--round-numbers')).toMatchObject({ code: 0 })
  })

  it('a number that ends in 000 by chance', async () => {
    const { run } = importing(lines('resident_id,440301199003070000,张三', row(101, '李四'), row(201, '王五')))
    const { code, out } = await run()
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ imported: 3 })
  })
})

it('an open quotation mark spoils its own line, also before a line with quotation marks', async () => {
  const { run, knows } = importing(
    lines(`resident_id,"${numberOf(1)},张三`, row(2, '李四'), `resident_id,"${numberOf(3)}","王五"`, row(4, '赵"六')),
  )
  const { code, out } = await run()
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ rows: 4, imported: 2, refused: [{ line: 2 }, { line: 5 }] })
  expect(await Promise.all([knows(2, '李四'), knows(3, '王五')])).toEqual(['match', 'match'])
})

it.each(['1E12345', 'E12345678'])('the passport %s is no power of ten', async (number) => {
  const { run } = importing(lines(`passport,${number},张三`))
  expect(JSON.parse((await run()).out)).toMatchObject({ imported: 1 })
})

describe('rows about one number', () => {
  it('are refused, both, when they say different things, and the counts add up', async () => {
    const { run, knows } = importing(
      lines(row(1, '张三'), row(2, '李四'), row(1, '张山'), row(2, '李 四'), row(3, '王五'), 'resident_id,1,赵六'),
    )
    const { code, out } = await run()
    expect(code).toBe(1)
    const report = JSON.parse(out) as Record<'rows' | 'imported' | 'repeated' | 'refused_count', number>
    expect(report).toMatchObject({ rows: 6, imported: 2, repeated: 1, refused_count: 3 })
    expect(report.imported + report.repeated + report.refused_count).toBe(report.rows)
    expect(report).toMatchObject({
      refused: [
        { line: 2, problem: expect.stringContaining('line 4') as string },
        { line: 4, problem: expect.stringContaining('line 2') as string },
        { line: 7, problem: 'document_number_malformed' },
      ],
    })
    expect(await Promise.all([knows(1, '张三'), knows(1, '张山')])).toEqual(['no_match', 'no_match'])
    expect(await Promise.all([knows(2, '李四'), knows(3, '王五')])).toEqual(['match', 'match'])
  })

  it('are found in different spellings of the number, and far from each other', async () => {
    const others = Array.from({ length: 990 }, (_, at) => row(at + 2, '张三'))
    const spelt = numberOf(1)
      .replace(/^(\d{6})/, '$1 ')
      .toLowerCase()
    const { run } = importing(lines(row(1, '张三'), ...others, `resident_id,${spelt},张山`))
    const { out } = await run()
    expect(JSON.parse(out)).toMatchObject({ rows: 992, imported: 990, refused: [{ line: 2 }, { line: 993 }] })
  })
})

describe('the business register', () => {
  const organisations = 'uscc,name,status,representative_document_type,representative_document_number'
  const entry = (uscc: string, name: string) => `${uscc},${name},active,resident_id,${numberOf(1)}`

  it.each(['91350203M0001QKT19', '91350203M0001FUE2P'])(
    'takes %s with a warning: the authority gave it out (chinabugotech/hutool#4119, #2020)',
    async (uscc) => {
      const { run, withServices } = importing(
        `${organisations}\n${entry(uscc, '厦门某某网络科技有限公司')}`,
        'organisations',
      )
      const { code, out } = await run()
      expect(code).toBe(0)
      expect(JSON.parse(out)).toMatchObject({
        imported: 1,
        refused_count: 0,
        warnings: [{ line: 2, problem: 'uscc_check' }],
        warnings_count: 1,
      })
      expect(await withServices(({ businessRegister }) => businessRegister.look(uscc))).toMatchObject({
        outcome: 'found',
      })
    },
  )

  it('refuses a file with codes that Excel rounded', async () => {
    const { run } = importing(`${organisations}\n${entry('914403001922038000', '甲公司')}`, 'organisations')
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('Excel') as string })
  })

  it.each([
    // bcgov/entity#3079, #23525, linuxfoundation/easycla#2400, Infisical/infisical#5442
    '广州市天河区1+1便利店',
    '某市教育、卫生服务中心',
    'A/B咖啡店',
    '大石街道：百姓粮油店',
    '【老张】面馆',
    '5#仓库',
    '@家',
    '7-11',
    'A&B',
    'No.1',
    '100%果汁店',
    '北京（朝阳）分公司',
    '『和』料理',
    'α与Beta科技',
    '★星店！',
    '一',
    '24',
  ])('keeps the name %s as the register has it', async (name) => {
    const uscc = '914403001922038216'
    const { run, withServices } = importing(`${organisations}\n${entry(uscc, name)}`, 'organisations')
    expect(await run()).toMatchObject({ code: 0 })
    expect(await withServices(({ businessRegister }) => businessRegister.look(uscc))).toMatchObject({ name })
  })

  it.each([
    ['marks that nobody sees', '\u{202d}好公司\u{200b}\u{202c}', '好公司'],
    ['a private code point of GBK', '李\u{e863}面馆', '李䶮面馆'],
  ])('keeps a name without %s', async (_what, given, name) => {
    const uscc = '914403001922038216'
    const { run, withServices } = importing(`${organisations}\n${entry(uscc, given)}`, 'organisations')
    expect(await run()).toMatchObject({ code: 0 })
    expect(await withServices(({ businessRegister }) => businessRegister.look(uscc))).toMatchObject({ name })
  })
})
