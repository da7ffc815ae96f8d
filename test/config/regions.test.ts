import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { isRegion, regionHolds, regionName } from '../../src/config/regions.ts'

/** The names from the province down to the region: GB/T 2260 has two digits each for province, city and county. */
function pathOf(code: string): string[] {
  if (!isRegion(code)) return []
  const steps = new Set([`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`, code])
  return [...steps].filter(isRegion).map((step) => regionName(step, 'zh-CN'))
}

const file = JSON.parse(readFileSync(new URL('../../config/regions.json', import.meta.url), 'utf8')) as {
  source: Record<string, string>
  regions: Record<string, Record<string, string>>
}
const codes = Object.keys(file.regions)

describe('regions of GB/T 2260', () => {
  it('are the 34 provinces, and the 21 cities and 122 counties of Guangdong', () => {
    expect(codes.filter((code) => code.endsWith('0000'))).toHaveLength(34)
    const guangdong = codes.filter((code) => code.startsWith('44') && code !== '440000')
    expect(guangdong.filter((code) => code.endsWith('00'))).toHaveLength(21)
    expect(guangdong.filter((code) => !code.endsWith('00'))).toHaveLength(122)
    expect(codes).toHaveLength(34 + 21 + 122)
    expect(codes).toEqual([...codes].sort())
  })

  it('are each in a region of the file, which names its edition', () => {
    for (const code of codes) {
      expect(
        isRegion(`${code.slice(0, 2)}0000`) && isRegion(code.endsWith('0000') ? code : `${code.slice(0, 4)}00`),
        code,
      ).toBe(true)
    }
    expect(file.source['edition']).toContain('2023')
  })

  it('have names that fit their rank', () => {
    for (const [code, name] of Object.entries(file.regions)) {
      expect(name['zh-CN'], code).toMatch(/^\p{Script=Han}+[省市区县]$/u)
      expect(name['zh-Hant'], code).toMatch(/^\p{Script=Han}+[省市區縣]$/u)
      expect(name['en'], code).toMatch(/^[A-Z][A-Za-z' ]+$/)
      if (!code.endsWith('00')) expect(name['en'], code).toMatch(/(District|City|County)$/)
    }
  })

  it('write a character of zh-CN in zh-Hant in one way', () => {
    const ways = new Map<string, Set<string>>()
    for (const name of Object.values(file.regions)) {
      const traditional = [...(name['zh-Hant'] ?? '')]
      expect(traditional).toHaveLength([...(name['zh-CN'] ?? '')].length)
      for (const [index, character] of [...(name['zh-CN'] ?? '')].entries())
        ways.set(character, (ways.get(character) ?? new Set()).add(traditional[index] ?? ''))
    }
    expect([...ways].filter(([, forms]) => forms.size > 1)).toEqual([])
    expect(regionName('445303', 'zh-Hant')).toBe('雲安區')
    expect(regionName('445322', 'zh-Hant')).toBe('鬱南縣')
  })

  it.each([
    ['440305', '南山区', 'Nanshan District', ['广东省', '深圳市', '南山区']],
    ['440300', '深圳市', 'Shenzhen', ['广东省', '深圳市']],
    ['441900', '东莞市', 'Dongguan', ['广东省', '东莞市']],
    ['442000', '中山市', 'Zhongshan', ['广东省', '中山市']],
    ['440232', '乳源瑶族自治县', 'Ruyuan Yao Autonomous County', ['广东省', '韶关市', '乳源瑶族自治县']],
    ['440281', '乐昌市', 'Lechang City', ['广东省', '韶关市', '乐昌市']],
    ['440000', '广东省', 'Guangdong', ['广东省']],
    ['110000', '北京市', 'Beijing', ['北京市']],
  ])('%s is %s', (code, chinese, english, path) => {
    expect(isRegion(code)).toBe(true)
    expect(regionName(code, 'zh-CN')).toBe(chinese)
    expect(regionName(code, 'en')).toBe(english)
    expect(pathOf(code)).toEqual(path)
  })

  it.each([
    '',
    '44',
    '440',
    '440101',
    '440399',
    '441901',
    '990000',
    '440300000000',
    'constructor',
    '４４０３００',
    '440300\n',
  ])('%j is none; it is shown as it is', (code) => {
    expect(isRegion(code)).toBe(false)
    expect(regionName(code, 'zh-CN')).toBe(code)
    expect(pathOf(code)).toEqual([])
  })
})

describe('a region contains its parts', () => {
  it.each([
    ['440000', '440000', true],
    ['440000', '440300', true],
    ['440000', '440305', true],
    ['440300', '440300', true],
    ['440300', '440305', true],
    ['440305', '440305', true],
    ['441900', '441900', true],
    ['440300', '440000', false],
    ['440305', '440300', false],
    ['440305', '440304', false],
    ['440300', '440100', false],
    ['440300', '441300', false],
    ['440000', '450000', false],
    ['440300', '', false],
    ['', '440300', false],
    ['440300', '4403', false],
    ['44', '440300', false],
    ['440300', '44030５', false],
    ['000000', '440300', false],
  ])('%j, %j: %s', (outer, inner, held) => {
    expect(regionHolds(outer, inner)).toBe(held)
  })

  it('in one direction only, and as the names say', () => {
    for (const outer of codes) {
      for (const inner of codes) {
        const holds = regionHolds(outer, inner)
        expect(holds, `${outer} ${inner}`).toBe(pathOf(inner).includes(regionName(outer, 'zh-CN')) && holds)
        if (holds && outer !== inner) expect(regionHolds(inner, outer)).toBe(false)
      }
    }
  })
})
