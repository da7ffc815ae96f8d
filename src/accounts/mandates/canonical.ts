import type { Mandate } from './rules.ts'

/** What giving or accepting a mandate is signed over: one line a field, in this order, ids and keys only. */
export function canonicalText(act: 'offer' | 'accept' | 'confirm', mandate: Mandate, to: string): string {
  const time = (at: number) => new Date(at).toISOString()
  return [
    'yideng mandate 1',
    `act: ${act}`,
    `mandate: ${mandate.id}`,
    `principal: ${mandate.principalId}`,
    `role: ${mandate.role}`,
    `matters: ${[...mandate.matters].sort().join(' ')}`,
    `from: ${time(mandate.notBefore)}`,
    `until: ${time(mandate.expiresAt)}`,
    `given by: ${mandate.grantedBy}`,
    `under: ${mandate.parentId ?? '-'}`,
    `to: ${to}`,
    '',
  ].join('\n')
}
