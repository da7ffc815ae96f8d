import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { anna, portrait, wall } from '../../setup/faces.ts'
import { residentNumber } from '../persons/resident-number.ts'

const counts = { rows: 0, imported: 0, repeated: 0, refused: [], refused_count: 0, warnings: [], warnings_count: 0 }
const head = 'document_type,document_number,name'
const good = (index: number, name = '张三') => `resident_id,${residentNumber(index)},${name}`

function importing(content: string | Buffer) {
  const line = commandLine()
  const file = join(line.directory, 'people.csv')
  writeFileSync(file, content)
  const run = (...flags: string[]) => line.yideng('register', 'import', file, '--kind', 'people', ...flags)
  const knows = (index: number, name: string) =>
    line.withServices(({ register }) =>
      register.match({ documentType: 'resident_id', documentNumber: residentNumber(index), nameKey: name }),
    )
  const replace = (other: string | Buffer) => writeFileSync(file, other)
  return { ...line, run, replace, knows }
}

describe('the population register', () => {
  it('is filled from a file with a byte order mark, Windows line breaks and quotation marks', async () => {
    const { run, knows } = importing(`\u{feff}${head}\r\n${good(1)}\r\n"resident_id","${residentNumber(2)}","李四"\r\n`)
    const { code, out } = await run('--json')
    expect({ code, document: JSON.parse(out) as unknown }).toEqual({
      code: 0,
      document: { ...counts, renamed: 0, rows: 2, imported: 2 },
    })
    expect(await knows(1, '张三')).toBe('match')
    expect(await knows(2, '李四')).toBe('match')
    expect(await knows(1, '李四')).toBe('no_match')
  })

  it('imports the photographs of a directory, and stores only a sealed template of each', async () => {
    const { directory, run, withServices } = importing([head, good(1), good(2), good(3), good(4)].join('\n'))
    const photos = join(directory, 'photos')
    mkdirSync(photos)
    const [face, nobody] = await Promise.all([portrait(anna), wall()])
    writeFileSync(join(photos, `${residentNumber(1)}.jpg`), face)
    writeFileSync(join(photos, `${residentNumber(2)}.jpg`), nobody)
    writeFileSync(join(photos, `${residentNumber(3)}.jpg`), 'no picture')
    const { code, out } = await run('--photos', photos, '--json')
    expect({ code, document: JSON.parse(out) as unknown }).toMatchObject({
      code: 0,
      document: { imported: 4, photos: 1, photos_unusable: 2 },
    })
    await withServices(async ({ database, faceReferences }) => {
      const [row, ...more] = await database.selectFrom('population_faces').selectAll().execute()
      expect(more).toEqual([])
      expect(row?.template).toMatch(/^d1\.[\w-]{600,1000}$/)
      const whose = { documentType: 'resident_id', documentNumber: residentNumber(1) }
      expect(await faceReferences.find(whose)).toHaveLength(128)
      expect(await faceReferences.find({ ...whose, documentNumber: residentNumber(2) })).toBeUndefined()
    })
  })

  it('takes the later of two imports about one person', async () => {
    const { run, replace, knows } = importing([head, good(1, '张三'), good(2)].join('\n'))
    expect(await run()).toMatchObject({ code: 0 })
    replace([head, good(1, '张山'), good(2)].join('\n'))
    expect(await run()).toMatchObject({ code: 0 })
    expect(await knows(1, '张山')).toBe('match')
    expect(await knows(1, '张三')).toBe('no_match')
  })

  it('imports the valid rows and reports the others by line, without their content', async () => {
    const bad = [
      'resident_id,110105194912310021,王小明',
      'library_card,1,王小明',
      `resident_id,${residentNumber(2)},`,
      `resident_id,${residentNumber(2)}`,
      `resident_id,${residentNumber(2)},王小明,extra`,
      `resident_id,"${residentNumber(2)}"x,王小明`,
    ]
    const { run, knows, json, withServices } = importing([head, ...bad, '', good(3, '赵六')].join('\n'))
    const { code, out, err } = await run('--json')
    expect(code).toBe(1)
    const report = JSON.parse(out) as { imported: number; refused: { line: number; problem: string }[] }
    expect(report).toMatchObject({ imported: 1, refused_count: 6 })
    expect(report.refused.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7])
    expect(out + err).not.toMatch(/王小明|110105194912310021/)
    expect(JSON.parse(err)).toMatchObject({
      error: { kind: 'failed', message: '6 rows were not imported: correct and import them again.' },
    })
    expect(await knows(3, '赵六')).toBe('match')

    expect(await run('--skip-bad')).toMatchObject({ code: 0, err: '' })
    const events = await withServices(({ database }) => database.selectFrom('audit_events').selectAll().execute())
    expect(events.map(({ event, actor, details }) => [event, actor, JSON.parse(details) as unknown])).toEqual(
      Array.from({ length: 2 }, () => [
        'register.imported',
        'administrator:test',
        { kind: 'people', imported: 1, refused: 6, finished: true },
      ]),
    )
    expect(await json('client', 'list')).toEqual([])
  })

  it('reports at most a hundred bad rows', async () => {
    const { run } = importing([head, ...Array.from({ length: 250 }, () => 'resident_id,1,王小明')].join('\n'))
    const { out } = await run()
    expect(out).toContain('and 150 more\nImported 0, refused 250.\n')
    const { refused } = JSON.parse((await run('--json')).out) as { refused: unknown[] }
    expect(refused).toHaveLength(100)
  })

  it('loses only one line to an unclosed quotation mark or to a line without end', async () => {
    const endless = `resident_id,${residentNumber(2)},${'王'.repeat(100_000)}`
    const { run, knows } = importing([head, `resident_id,"${residentNumber(1)},张三`, endless, good(3)].join('\n'))
    const { code, out } = await run('--json')
    const refused = [
      { line: 2, problem: 'is not CSV: check its quotation marks' },
      { line: 3, problem: 'is longer than 2000 characters' },
    ]
    expect({ code, document: JSON.parse(out) as unknown }).toEqual({
      code: 1,
      document: { ...counts, renamed: 0, rows: 3, imported: 1, refused, refused_count: 2 },
    })
    expect(await knows(3, '张三')).toBe('match')
  })

  it.each([
    ['is empty', '', 'must begin with the line document_type,document_number,name'],
    ['has no header', good(1), 'must begin with the line document_type,document_number,name'],
    ['has another header', 'a,b,c', 'must begin with the line'],
    ['has one column too many', `${head},extra`, 'must begin with the line'],
  ])('stays unchanged by a file that %s', async (_what, content, message) => {
    const { run } = importing(content)
    expect(await run()).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) })
  })

  it('stays unchanged by a missing file', async () => {
    const answer = await commandLine().yideng('register', 'import', 'nothing.csv', '--kind', 'people')
    expect(answer).toMatchObject({
      code: 2,
      err: expect.stringContaining('FILE.csv "nothing.csv" cannot be read: ENOENT'),
    })
  })

  it('imports more rows than fit into one transaction', async () => {
    const { run, knows } = importing([head, ...Array.from({ length: 2500 }, (_, n) => good(n))].join('\n'))
    const { code, out } = await run('--json')
    expect({ code, document: JSON.parse(out) as unknown }).toMatchObject({ code: 0, document: { imported: 2500 } })
    expect(await knows(0, '张三')).toBe('match')
    expect(await knows(2499, '张三')).toBe('match')
  })
})
