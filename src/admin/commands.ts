import { auditCommands } from './audit/audit-commands.ts'
import { clientFileCommands } from './clients/client-file-commands.ts'
import { adminCommands } from './remote/admin-commands.ts'
import { approvalCommands } from './remote/approval-commands.ts'
import { checkCommands } from './check/check-commands.ts'
import { clientCommands } from './clients/client-commands.ts'
import type { Command } from './command.ts'
import { completionCommands } from './completion/completion-commands.ts'
import { keysCommands } from './keys/keys-commands.ts'
import { levelCommands } from './levels/level-commands.ts'
import { orgCommands } from './accounts/org-commands.ts'
import { personCommands } from './accounts/person-commands.ts'
import { registerCommands } from './registers/register-commands.ts'
import { storeCommands } from './stores/store-commands.ts'

/** Everything an administrator can do, in the order of the help. */
export const commands: readonly Command[] = [
  ...clientCommands,
  ...levelCommands,
  ...clientFileCommands,
  ...checkCommands,
  ...personCommands,
  ...orgCommands,
  ...registerCommands,
  ...keysCommands,
  ...auditCommands,
  ...adminCommands,
  ...approvalCommands,
  ...storeCommands,
  ...completionCommands,
]
