import { auditCommands } from './audit-commands.ts'
import { clientFileCommands } from './client-file-commands.ts'
import { adminCommands } from './admin-commands.ts'
import { approvalCommands } from './approval-commands.ts'
import { checkCommands } from './check-commands.ts'
import { clientCommands } from './client-commands.ts'
import type { Command } from './command.ts'
import { completionCommands } from './completion-commands.ts'
import { keysCommands } from './keys-commands.ts'
import { levelCommands } from './level-commands.ts'
import { orgCommands } from './org-commands.ts'
import { personCommands } from './person-commands.ts'
import { registerCommands } from './register-commands.ts'
import { storeCommands } from './store-commands.ts'

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
