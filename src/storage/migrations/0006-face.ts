import type { Kysely } from 'kysely'

/** Faces: templates of the register's photographs, consents, and bindings by a verified face. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db

  await schema.alterTable('natural_persons').addColumn('face_proofed_at', 'bigint').execute()

  await schema
    .createTable('population_faces')
    .addColumn('document_type', 'text', (column) => column.notNull())
    .addColumn('document_index', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('template', 'text', (column) => column.notNull())
    .addColumn('imported_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('population_faces_key', ['document_type', 'document_index'])
    .execute()

  await schema
    .createTable('face_consents')
    .addColumn('person_id', 'text', (column) => column.primaryKey().references('natural_persons.id'))
    .addColumn('notice_version', 'text', (column) => column.notNull())
    .addColumn('guardian_id', 'text', (column) => column.references('natural_persons.id'))
    .addColumn('given_at', 'bigint', (column) => column.notNull())
    .execute()

  await schema
    .createTable('face_bindings')
    .addColumn('authenticator_id', 'text', (column) =>
      column.primaryKey().references('authenticators.id').onDelete('cascade'),
    )
    .addColumn('person_id', 'text', (column) => column.notNull().references('natural_persons.id'))
    .addColumn('bound_at', 'bigint', (column) => column.notNull())
    .execute()
}
