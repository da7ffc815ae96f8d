import type { Sample } from './samples.ts'

const at = '/login/8f3a'
const listUrl = `${at}?way=upstream`

const rowOf = (id: string, words: string, more = '', down = false, find = words) => ({
  href: `${listUrl}&at=${id}`,
  words,
  more,
  find,
  down,
})

const names = '广州 韶关 深圳 珠海 汕头 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州 揭阳 云浮'

const cities = names.split(' ').map((city, index) => {
  const words = `${city}市统一身份认证平台`
  return rowOf(`c${index}`, words, '', index === 3, city === '深圳' ? `${words} Shenzhen` : words)
})

const departments = [rowOf('tax', '电子税务局'), rowOf('companies', '市场主体统一身份认证平台')]

/**
 * Sign-in pages with upstreams: the nearest alone, one beside other ways, the list of a province with 23 of them.
 * @param signIn data of a sign-in page
 * @param others the ways beside it
 */
export function citySamples(signIn: object, others: readonly object[]): Sample[] {
  const way = {
    name: 'upstream',
    icon: 'building',
    scripted: false,
    shown: 'button',
    href: listUrl,
    action: `${at}/upstream`,
    csrf: 'c5rf-t0ken',
    last: false,
    one: { name: '佛山市', start: `${at}/upstream/foshan/start`, down: false },
    listUrl,
    list: undefined,
  }
  const down = { ...way.one, down: true }
  const list = { searched: true, places: [] as object[] }
  const own = { kind: 'own', rows: [rowOf('shunde', '顺德通', '顺德区')] }
  const places = [own, { kind: 'province', rows: departments }, { kind: 'other', rows: cities }]
  const rows = others.map((other) => ({ ...other, shown: 'row' }))
  const beside = (...given: object[]) => ({ ...signIn, ways: [...others, ...given] })
  const onPhone = { ...signIn, device: 'phone' }
  const alone = (more: object) => ({ ...signIn, startUrl: at, ways: [{ ...way, shown: 'alone', ...more }] })
  return [
    { view: 'login/sign-in', name: 'city, computer', data: beside(way) },
    { view: 'login/sign-in', name: 'city, phone', data: { ...beside(way), device: 'phone' } },
    {
      view: 'login/sign-in',
      name: 'cities, phone',
      data: { ...beside({ ...way, one: undefined }), device: 'phone' },
    },
    { view: 'login/sign-in', name: 'city down', data: { ...beside({ ...way, one: down }), device: 'phone' } },
    {
      view: 'login/sign-in',
      name: 'city first',
      data: { ...onPhone, ways: [{ ...way, shown: 'alone', last: true }, ...rows] },
    },
    {
      view: 'login/sign-in',
      name: 'city first, down',
      data: { ...onPhone, ways: [{ ...way, shown: 'alone', last: true, one: down }, ...rows] },
    },
    { view: 'login/one-way', name: 'one city', data: alone({}) },
    { view: 'login/one-way', name: 'one city, down', data: alone({ one: down }) },
    { view: 'login/one-way', name: 'cities', data: alone({ scripts: ['find.js'], list: { ...list, places } }) },
    {
      view: 'login/one-way',
      name: 'cities of a province',
      data: alone({ one: undefined, list: { ...list, places: [places[1], { kind: 'city', rows: cities }] } }),
    },
    {
      view: 'login/one-way',
      name: 'few cities',
      data: alone({ list: { ...list, searched: false, places: [{ kind: 'city', rows: cities.slice(0, 3) }] } }),
    },
    { view: 'login/elder-start', name: 'cities', data: { ...signIn, ways: [...rows, { ...way, shown: 'row' }] } },
  ]
}
