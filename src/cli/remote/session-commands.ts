import type { CommandHelp } from '../../admin/command.ts'
import type { Outcome } from '../../admin/outcome.ts'
import type { Remote } from './remote.ts'

/** A command about the sign-in of the command line at a server. */
export interface SessionCommand extends CommandHelp {
  session(remote: Remote): Promise<Outcome>
}

export const sessionCommands: readonly SessionCommand[] = [
  {
    noun: 'login',
    summary: 'sign in to a server, for remote administration',
    fields: {},
    example: 'npx yideng login --server https://login.example.gov.cn',
    session: (remote) => remote.signIn(),
  },
  {
    noun: 'logout',
    summary: 'sign out of a server: the tokens are revoked and removed from this machine',
    fields: {},
    example: 'npx yideng logout --server https://login.example.gov.cn',
    session: (remote) => remote.signOut(),
  },
]
