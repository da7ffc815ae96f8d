import type { Described, Outcome } from '../../admin/command.ts'
import type { Remote } from './remote.ts'

/** A command about the command line itself and the server it works with. */
export interface SessionCommand extends Described {
  session(remote: Remote): Promise<Outcome>
}

export const sessionCommands: readonly SessionCommand[] = [
  {
    noun: 'login',
    summary: 'sign in to a server, to administer it from afar',
    fields: {},
    example: 'npx yideng login --server https://login.example.gov.cn',
    session: (remote) => remote.signIn(),
  },
  {
    noun: 'logout',
    summary: 'sign out of a server: what this machine keeps of it is removed, and worth nothing',
    fields: {},
    example: 'npx yideng logout --server https://login.example.gov.cn',
    session: (remote) => remote.signOut(),
  },
]
