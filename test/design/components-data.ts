import icons from '../../views/icons.json' with { type: 'json' }

/** What the components show; keys of words, so that every language shows its own. */
export const componentsData = {
  csrf: 'c5rf',
  at: 1_795_485_600_000,
  portal: {
    name: '广东省政务服务网',
    organisation: '广东省政务服务和数据管理局',
    region: '广东省',
    host: 'www.gdzwfw.gov.cn',
  },
  fields: [
    { name: 'name', label: 'register.name', hint: 'register.name_hint', value: '周晓岚' },
    {
      name: 'document_number',
      label: 'register.document_number',
      hint: 'register.name_hint',
      problem: 'problems.name_malformed',
      value: '440605196802140',
    },
    { name: 'password', label: 'login.password', type: 'password', value: 'correct horse' },
  ],
  documents: ['resident_id', 'passport'],
  tiles: [
    { icon: 'entry', words: 'methods.password' },
    { icon: 'finger', words: 'methods.passkey' },
    { icon: 'scan', words: 'methods.qr' },
  ],
  rows: [
    { href: '/', icon: 'entry', words: 'account.room_ways', state: 'level.here', pill: 'good' },
    { href: '/', icon: 'phone', words: 'account.room_sessions' },
    { href: '/', icon: 'bell', words: 'account.room_notices', count: 3 },
  ],
  pills: [
    ['good', 'check', 'level.here'],
    ['care', 'warn', 'consent.sensitive'],
    ['info', 'info', 'sessions.this'],
    ['wrong', 'x', 'ways.off'],
    ['plain', 'minus', 'ways.off'],
  ],
  members: [
    { name: '周小桐', role: 'handler' },
    { name: '何志明', role: 'legal_representative' },
  ],
  icons: Object.keys(icons),
}
