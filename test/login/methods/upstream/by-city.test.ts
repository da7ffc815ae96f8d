import { describe, expect, it } from 'vitest'
import { byPlace, namesOf, nearest, type Known, type Placed } from '../../../../src/login/methods/upstream/by-city.ts'

const list: Placed[] = [
  { id: 'tax', name: '广东省电子税务局', region: '440000' },
  { id: 'companies', name: '市场主体统一身份' },
  { id: 'huizhou', name: '惠民通', region: '441300' },
  { id: 'foshan', name: '佛山通', region: '440600' },
  { id: 'shunde', name: '顺德通', region: '440606' },
  { id: 'shenzhen', name: 'i深圳', region: '440300' },
]

describe('the upstream that a page has a button for', () => {
  it.each<[string, Known, string | undefined]>([
    ['the chosen one', { chosen: 'tax', hint: 'foshan', last: 'huizhou', own: 'shenzhen', region: '440306' }, 'tax'],
    ['else that of the request', { hint: 'foshan', last: 'huizhou', own: 'shenzhen', region: '440300' }, 'foshan'],
    ['else the last of the browser', { last: 'huizhou', own: 'shenzhen', region: '440300' }, 'huizhou'],
    ["else the portal's", { own: 'shenzhen', region: '441300' }, 'shenzhen'],
    ['else that of its city', { region: '440600' }, 'foshan'],
    ['of a county: that of the county', { region: '440606' }, 'shunde'],
    ['of a county without one: that of the city', { region: '441322' }, 'huizhou'],
    ['of the province: the person chooses', { region: '440000' }, undefined],
    ['of a city without one: the person chooses', { region: '440100' }, undefined],
    ['of a portal without a region: the person chooses', {}, undefined],
    ['an id that nobody has counts as none', { hint: 'atlantis', last: 'gone', own: '__proto__' }, undefined],
    ['an id that nobody has gives way', { chosen: 'atlantis', last: 'huizhou' }, 'huizhou'],
  ])('is %s', (_what, known, id) => expect(nearest(list, known)?.id).toBe(id))

  it('is the only one, in any region', () => {
    expect(nearest(list.slice(2, 3), { region: '440300' })?.id).toBe('huizhou')
  })

  it('is none where two are of the same county', () => {
    const two = [...list, { id: 'shunde-2', name: '顺德二', region: '440606' }]
    expect(nearest(two, { region: '440606' })).toBeUndefined()
  })
})

describe('the list by region', () => {
  const ids = (portal: string | undefined) =>
    byPlace(list, portal).map(({ kind, upstreams }) => [kind, ...upstreams.map(({ id }) => id)])

  it.each<[string, string | undefined, string[][]]>([
    [
      'a city: its own first, then the province, then the others',
      '440600',
      [
        ['own', 'foshan', 'shunde'],
        ['province', 'companies', 'tax'],
        ['other', 'shenzhen', 'huizhou'],
      ],
    ],
    [
      'a county: its city counts',
      '441322',
      [
        ['own', 'huizhou'],
        ['province', 'companies', 'tax'],
        ['other', 'shenzhen', 'foshan', 'shunde'],
      ],
    ],
    ...(
      [
        [undefined, 'city'],
        ['440000', 'city'],
        ['440100', 'other'],
      ] as const
    ).map(([portal, kind]): [string, string | undefined, string[][]] => [
      `no upstream of its own: ${portal}`,
      portal,
      [
        ['province', 'companies', 'tax'],
        [kind, 'shenzhen', 'foshan', 'shunde', 'huizhou'],
      ],
    ]),
  ])('%s', (_what, portal, places) => expect(ids(portal)).toEqual(places))

  it('has each upstream once', () => {
    for (const portal of [undefined, '440000', '440300', '440606', '441322'])
      expect(ids(portal).flatMap(([, ...found]) => found)).toHaveLength(list.length)
  })
})

it.each([
  ['foshan', ['佛山通', '佛山市', 'Foshan']],
  ['shunde', ['顺德通', '顺德区', '順德區', 'Shunde District', '佛山市', 'Foshan']],
  ['companies', ['市场主体统一身份']],
])('%s is found by its names', (id, names) => {
  expect(namesOf(list.find((one) => one.id === id) as Placed)).toEqual(names)
})
