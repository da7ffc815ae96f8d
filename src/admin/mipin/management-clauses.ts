/** GB/T 39786-2021, 8.5 to 8.8: what the operator must show. This software meets none of them. */
export interface ManagementClause {
  id: string
  /** What the operator must show. */
  shows: string
  /** What this software gives for it. */
  helps?: string
  evidence?: string
}

export const managementClauses: readonly ManagementClause[] = [
  {
    id: '8.5 a',
    shows: 'Rules for people, keys, construction, incidents, and for hardware, software and media of cryptography.',
  },
  {
    id: '8.5 b',
    shows: 'Rules for keys, by the plan of cryptography.',
    helps: 'docs/keys.md names every key: where it is, how it rotates and when it goes.',
    evidence: 'npx yideng keys list',
  },
  { id: '8.5 c', shows: 'Procedures for each daily operation.', helps: 'docs/operations.md is the beginning of them.' },
  { id: '8.5 d', shows: 'Regular reviews of rules and procedures, with their record.' },
  { id: '8.5 e', shows: 'How rules are published, with their versions.' },
  {
    id: '8.5 f',
    shows: 'Records that the procedures were followed.',
    helps: 'The audit log has every act of an administrator.',
    evidence: 'npx yideng audit list',
  },
  { id: '8.6 a', shows: 'People know and follow the law and the rules of cryptography.' },
  {
    id: '8.6 b',
    shows: 'Posts with their duties: key administrator, auditor and operator are different people.',
    helps: 'Roles are given by region, and some acts need a second administrator.',
    evidence: 'npx yideng admin list',
  },
  { id: '8.6 c', shows: 'Training before people take such a post.' },
  { id: '8.6 d', shows: 'Regular examinations of those people.' },
  { id: '8.6 e', shows: 'Rules of secrecy and of leaving the post, with signed agreements.' },
  {
    id: '8.7 a',
    shows: 'A plan of cryptography, by the standards and needs.',
    helps: 'This report is material for it.',
    evidence: 'npx yideng mipin report',
  },
  {
    id: '8.7 b',
    shows: 'Kinds of keys with their life, and rules for each step (annex B).',
    helps: 'docs/keys.md is material for it.',
    evidence: 'npx yideng keys list',
  },
  { id: '8.7 c', shows: 'The construction follows the plan.' },
  { id: '8.7 d', shows: 'An assessment before the system goes into operation: it must pass.' },
  { id: '8.7 e', shows: 'Regular assessments and exercises, and corrections after them.' },
  {
    id: '8.8 a',
    shows: 'A plan for incidents of cryptography, with resources ready.',
    helps: 'docs/keys.md says what to do when a key is stolen, and what that changes.',
    evidence: 'npx yideng keys list',
  },
  { id: '8.8 b', shows: 'Incidents are reported to the authority in charge.' },
  { id: '8.8 c', shows: 'After an incident: a report to that authority and to the administration of cryptography.' },
]
