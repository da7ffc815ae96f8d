import { nameOf, type CommandName } from '../command.ts'

/** The path of a command in the administrators' API: `/admin/v1/client/create`. */
export const apiPath = (command: CommandName) => `/admin/v1/${nameOf(command).replace(' ', '/')}`
