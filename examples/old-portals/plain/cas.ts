import type { OldPerson, OldProtocol } from './portal.ts'

interface CasAnswer {
  serviceResponse?: { authenticationSuccess?: { user?: string; attributes?: Record<string, string> } }
}

/** CAS 3, by its answers in JSON. Register with --legacy cas --redirect-uri SERVICE. */
export function casProtocol(options: { cas: string; service: string; afterLogout?: string }): OldProtocol {
  const { cas, service, afterLogout = service } = options
  const query = (more: Record<string, string> = {}) => new URLSearchParams({ service, ...more }).toString()
  return {
    login: `${cas}/login?${query()}`,
    logout: `${cas}/logout?${query({ service: afterLogout })}`,
    async personOf(answer): Promise<OldPerson | undefined> {
      const ticket = answer.searchParams.get('ticket')
      if (ticket === null) return undefined
      const asked = await fetch(`${cas}/p3/serviceValidate?${query({ ticket, format: 'JSON' })}`)
      if (!asked.ok) return undefined
      const { serviceResponse } = (await asked.json()) as CasAnswer
      const { user, attributes = {} } = serviceResponse?.authenticationSuccess ?? {}
      return user ? { name: attributes['name'] ?? user, level: attributes['acr'] ?? '', session: ticket } : undefined
    },
    endedBy: (form) => /<samlp:SessionIndex>([\w-]+)<\/samlp:SessionIndex>/.exec(form.get('logoutRequest') ?? '')?.[1],
  }
}
