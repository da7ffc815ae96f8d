import type { Sample } from './samples.ts'

const device = { action: '/device', xsrf: 'x5rf-t0ken' }
const waiting = {
  ...device,
  userCode: 'BCDF-GHJK',
  program: 'yideng-cli (linux; wang@ops-1)',
  address: '203.0.113.7',
  region: '深圳市',
  sameNetwork: true,
  secondsAgo: 12,
}

/** The pages that let an administrator's command line in. */
export const deviceSamples: readonly Sample[] = [
  ...['', 'empty', 'unknown', 'expired', 'used'].map((problem) => ({
    view: 'device/code',
    name: problem || 'first',
    data: { ...device, problem },
  })),
  { view: 'device/confirm', name: 'near', data: waiting },
  {
    view: 'device/confirm',
    name: 'far',
    data: { ...waiting, program: '', address: '2001:db8:1234:5678::1', region: '', sameNetwork: false },
  },
  { view: 'device/done', name: 'done', data: {} },
  { view: 'device/refused', name: 'refused', data: { administrator: true } },
  { view: 'device/refused', name: 'nobody', data: { administrator: false } },
]
