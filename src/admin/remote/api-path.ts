import { nameOf, type Command } from '../command.ts'

/** Where a command is asked for: `/admin/v1/client/create`. */
export const apiPath = (command: Pick<Command, 'noun' | 'verb'>) => `/admin/v1/${nameOf(command).replace(' ', '/')}`
