import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const own = {
  id: '5f1c',
  name: '佛山市统一身份认证',
  way: 'sign-in',
  created: '2026-11-24T02:00:00.000Z',
  used: '2026-11-24T03:30:00.000Z',
  paused: false,
  undo: '',
  held: '',
}
const byNumber = {
  ...own,
  id: '8e2d',
  name: '广州市政务服务网',
  way: 'number',
  undo: '2026-12-30T02:00:00.000Z',
  held: '2026-12-01T02:00:00.000Z',
}
const opened = { ...own, id: '7a2b', way: 'opened' }
const outOfUse = { ...own, id: '9c3e', name: '', way: 'import', used: '', paused: true }

/** The pages of linked accounts in the account centre, with data they may get. */
export function upstreamRoomSamples(): Sample[] {
  const list = { ...accountFrame('/account/upstream'), links: [own], addable: true, off: false, done: '' }
  const one = { ...accountFrame('/account/upstream/5f1c'), link: own, last: false, release: false, until: '' }
  const paused = { ...one, link: outOfUse }
  const found = {
    action: '/login/8f3a/upstream/found',
    csrf: 'c5rf-t0ken',
    found: '5f1c',
    upstream: own.name,
    failed: false,
  }
  return [
    { view: 'upstream/found', name: 'found', data: found },
    { view: 'upstream/found', name: 'failed', data: { ...found, failed: true } },
    { view: 'upstream/list', name: 'some', data: { ...list, links: [byNumber, own, outOfUse], done: 'released' } },
    { view: 'upstream/list', name: 'none', data: { ...list, links: [], done: 'removed' } },
    {
      view: 'upstream/list',
      name: 'undone',
      data: { ...list, links: [opened], addable: false, off: true, done: 'undone' },
    },
    { view: 'upstream/one', name: 'one', data: one },
    { view: 'upstream/one', name: 'last', data: { ...one, link: opened, last: true } },
    { view: 'upstream/one', name: 'paused', data: { ...paused, until: '2026-11-30T03:30:00.000Z' } },
    { view: 'upstream/one', name: 'released', data: { ...paused, release: true } },
  ]
}
