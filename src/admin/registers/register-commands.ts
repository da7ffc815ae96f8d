import { documentTypes } from '../../accounts/identifiers/documents.ts'
import { command, invalid, type Command } from '../command.ts'

const unusable = (message: string) => invalid({ field: 'file', message })

export const registerCommands: Command[] = [
  command({
    noun: 'register',
    verb: 'import',
    summary:
      'fill an embedded register from a CSV file in UTF-8; people: document_type,document_number,name; organisations: ' +
      'uscc,name,status,representative_document_type,representative_document_number (status: active, revoked, cancelled)',
    fields: {
      file: { type: 'text', positional: true, required: true, placeholder: 'FILE.csv', meaning: 'the file to import' },
      kind: { type: 'text', required: true, choices: ['people', 'organisations'], meaning: 'what is in it' },
      photos: {
        type: 'text',
        placeholder: 'DIRECTORY',
        meaning:
          'of people: their photographs, each named <document number>.jpg; a sealed template is kept, never the picture',
      },
      'skip-bad': { type: 'boolean', meaning: 'succeed although some rows were refused' },
    },
    access: { local: 'it reads a file, longer than what is sent to a server' },
    example: 'npx yideng register import people.csv --kind people',
    async run(context, input) {
      const { importFile, UnusableFile } = await import('./csv-import.ts')
      const services = await context.services()
      const file = JSON.stringify(input.file)
      const photos =
        input.photos === undefined || input.kind !== 'people'
          ? undefined
          : await (await import('./photo-import.ts')).photoImport(services, input.photos)
      const importing =
        input.kind === 'people'
          ? importFile(
              services,
              (await import('./people-import.ts')).peopleImport(services, photos),
              input.file,
              context.actor,
            )
          : importFile(
              services,
              (await import('./organisations-import.ts')).organisationsImport(services),
              input.file,
              context.actor,
            )
      const report = await importing.catch((error: NodeJS.ErrnoException) => {
        if (error instanceof UnusableFile) return unusable(`${file} ${error.message}`)
        if (error.syscall === 'open' || error.syscall === 'read')
          return unusable(`${file} cannot be read: ${error.code}`)
        throw error
      })
      if ('ok' in report) return report
      const { imported, refused, refused_count: count } = report
      const fault =
        count > 0 && !input['skip-bad'] ? `${rows(count)} not imported: mend and import them again.` : undefined
      const faces = photos
        ? [
            `Photographs: ${photos.report.photos} taken, ${photos.report.photos_unusable} without exactly one clear face.`,
          ]
        : []
      const rest = count - refused.length
      const types = refused.some(({ problem }) => problem === 'document_type_unknown')
        ? [`Types of documents: ${documentTypes.join(', ')}.`]
        : []
      return {
        ok: true,
        document: { ...report, ...photos?.report },
        shown: { columns: ['LINE', 'PROBLEM'], rows: refused.map(({ line, problem }) => [line, problem]) },
        notes: [
          ...(rest > 0 ? [`and ${rest} more`] : []),
          `Imported ${imported}, refused ${count}.`,
          ...types,
          ...faces,
        ],
        ...(fault ? { fault } : {}),
      }
    },
  }),
]

const rows = (count: number) => (count === 1 ? '1 row was' : `${count} rows were`)
