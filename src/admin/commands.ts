import { adminCommands } from './admin-commands.ts'
import { approvalCommands } from './approval-commands.ts'
import { clientCommands } from './client-commands.ts'
import type { Command } from './command.ts'
import { keysCommands } from './keys-commands.ts'
import { orgCommands } from './org-commands.ts'
import { personCommands } from './person-commands.ts'
import { registerCommands } from './register-commands.ts'
import { storeCommands } from './store-commands.ts'

/** Everything an administrator can do, in the order of the help. */
export const commands: readonly Command[] = [
  ...clientCommands,
  ...personCommands,
  ...orgCommands,
  ...registerCommands,
  ...keysCommands,
  ...adminCommands,
  ...approvalCommands,
  ...storeCommands,
]
