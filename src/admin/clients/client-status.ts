import type { Client } from '../../clients/clients.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

/** A command that sets the status of a portal. */
export const clientStatus = (verb: 'suspend' | 'resume', status: Client['status']) =>
  command({
    fields: { id: idField('portal') },
    access: { role: 'operator', about: 'portal', touches: ['a portal'] },
    example: `npx yideng client ${verb} mXu0Wj5hGk2cQ9Ty`,
    async run(context, { id }) {
      const { clients } = await context.services()
      const changed = await clients.setStatus(id, status, context.actor)
      return changed ? { ok: true, document: { client_id: id, status } } : notFound('portal', id)
    },
  })
