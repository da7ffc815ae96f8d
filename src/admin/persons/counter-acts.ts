import type { Counter } from '../command.ts'

const document = 'You have seen the original document, and it shows the person in front of you?'

/** What a clerk can do for the person in front of them. Each act is a command, so its rules and its audit entry are the same. */
export const counterTalk: Counter = {
  question: 'Who is in front of you? Document number, phone or username; without a document: the exact name',
  look: { noun: 'person', verb: 'show' },
  acts: [
    {
      title: 'give a link for a new password',
      command: { noun: 'person', verb: 'reset-password' },
      flags: ['--counter'],
      check: document,
      asks: {},
    },
    {
      title: 'give a hardware token of one-time codes',
      command: { noun: 'person', verb: 'give-token' },
      check: document,
      asks: { serial: 'Serial number on the token' },
    },
    {
      title: 'remove lost tokens of one-time codes',
      command: { noun: 'person', verb: 'remove-tokens' },
      check: document,
      asks: {},
    },
    {
      title: 'unlock the account',
      command: { noun: 'person', verb: 'unlock' },
      check: document,
      asks: {},
      where: ({ status }) => status === 'locked',
    },
    {
      title: 'lock the account',
      command: { noun: 'person', verb: 'lock' },
      asks: {},
      where: ({ status }) => status === 'active',
    },
    {
      title: 'enter a new phone',
      command: { noun: 'person', verb: 'correct' },
      check: document,
      asks: { phone: 'New mobile number' },
    },
    {
      title: 'correct the name',
      command: { noun: 'person', verb: 'correct' },
      check: document,
      asks: { name: 'Name as on the document' },
    },
    {
      title: 'correct the document number',
      command: { noun: 'person', verb: 'correct' },
      check: document,
      asks: { 'id-number': 'Document number as on the document' },
    },
    {
      title: 'record that you have seen person and document (level 4)',
      command: { noun: 'person', verb: 'prove' },
      check: document,
      asks: {},
    },
    {
      title: 'record that a guardian agrees to the face of this child',
      command: { noun: 'person', verb: 'agree-face' },
      check: 'You have seen the household register and the original documents of child and guardian?',
      asks: { guardian: 'Guardian: document number, phone or username' },
    },
    {
      title: 'end the recovery codes',
      command: { noun: 'person', verb: 'void-codes' },
      check: document,
      asks: {},
      where: ({ recovery_codes: codes }) => codes !== 0,
    },
    { title: 'sign out on all devices', command: { noun: 'person', verb: 'sign-out' }, check: document, asks: {} },
  ],
}
