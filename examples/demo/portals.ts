export interface DemoPortal {
  name: string
  organisation: string
  /** GB/T 2260. */
  region: string
  tagline: string
  colour: string
  /** Whether people consent before the portal gets their data, or a law allows it. */
  consent: 'ask' | 'implicit'
  /** Whether people must act for an organisation. */
  forOrganisations?: boolean
}

/** Portals of a province, of one of its cities, of a county in another city, and for organisations. */
export const portals: readonly DemoPortal[] = [
  {
    name: '广东省政务服务网',
    organisation: '广东省政务服务和数据管理局',
    region: '440000',
    tagline: '全省政务服务，一网通办',
    colour: '#9b1c1c',
    consent: 'ask',
  },
  {
    name: '深圳市政务服务网',
    organisation: '深圳市政务服务和数据管理局',
    region: '440300',
    tagline: '深圳的事，在这里办',
    colour: '#0b4f8a',
    consent: 'implicit',
  },
  {
    name: '博罗县政务服务网',
    organisation: '博罗县政务服务和数据管理局',
    region: '441322',
    tagline: '罗浮山下，办事不用跑县城',
    colour: '#2d6526',
    consent: 'implicit',
  },
  {
    name: '广东省企业开办一窗通',
    organisation: '广东省市场监督管理局',
    region: '440000',
    tagline: '开办企业，一窗办齐',
    colour: '#5b3a86',
    consent: 'implicit',
    forOrganisations: true,
  },
]
