import { invalid } from '../outcome.ts'
import { documentTypes } from '../../accounts/identifiers/documents.ts'
import { importFile, type ImportReport } from './csv-import.ts'
import { UnusableRegisterFile, encodings } from './register-file.ts'
import { photoImport, type PhotoImport } from './photo-import.ts'
import { peopleImport } from './people-import.ts'
import { organisationsImport } from './organisations-import.ts'
import { phonesImport } from './phones-import.ts'
import { command } from '../command.ts'
import type { Services } from '../../services.ts'

const unusable = (message: string) => invalid({ field: 'file', message })
const rows = (count: number) => (count === 1 ? '1 row was' : `${count} rows were`)

const countsOf = ({ rows: all, imported, repeated, refused_count: refused, warnings_count: warned }: ImportReport) => [
  `Imported ${imported}, refused ${refused}.`,
  ...(repeated > 0 ? [`${repeated} of ${all} rows repeat an earlier row.`] : []),
  ...(warned > 0 ? [`${warned} of the imported rows have a warning.`] : []),
]

function importing(
  services: Services,
  kind: string,
  photos: PhotoImport | undefined,
  how: Parameters<typeof importFile>[2],
): Promise<ImportReport> {
  if (kind === 'people') return importFile(services, peopleImport(services, photos), how)
  if (kind === 'phones') return importFile(services, phonesImport(services), how)
  return importFile(services, organisationsImport(services), how)
}

export default command({
  fields: {
    file: { type: 'text', positional: true, required: true, placeholder: 'FILE.csv', meaning: 'the file to import' },
    kind: {
      type: 'text',
      required: true,
      choices: ['people', 'organisations', 'phones'],
      meaning:
        'people: document_type,document_number,name; organisations: uscc,name,status,representative_document_type,' +
        'representative_document_number (status: active, revoked, cancelled); phones: phone,document_type,document_number',
    },
    photos: {
      type: 'text',
      placeholder: 'DIRECTORY',
      meaning:
        'photographs of the people, named <document number>.jpg; Yideng stores a sealed template, never the picture',
    },
    encoding: {
      type: 'text',
      choices: encodings,
      meaning: 'encoding of the file: utf-8 without this flag; UTF-16 is recognised; Chinese Excel saves gb18030',
    },
    'round-numbers': { type: 'boolean', meaning: 'numbers that end in 000 are right, and not rounded by Excel' },
    'skip-bad': { type: 'boolean', meaning: 'succeed although some rows were refused' },
  },
  access: { local: 'it reads a file that is too long for a request' },
  example: 'npx yideng register import people.csv --kind people',
  async run(context, input) {
    const services = await context.services()
    const file = JSON.stringify(input.file)
    const photos =
      input.photos === undefined || input.kind !== 'people' ? undefined : await photoImport(services, input.photos)
    const { encoding, 'round-numbers': roundNumbers } = input
    const how = {
      file: input.file,
      actor: context.actor,
      encoding: encodings.find((one) => one === encoding),
      roundNumbers,
      progress: context.progress,
    }
    const report = await importing(services, input.kind, photos, how).catch((error: NodeJS.ErrnoException) => {
      if (error instanceof UnusableRegisterFile) return unusable(`${file} ${error.message}`)
      if (error.syscall === 'open' || error.syscall === 'read') return unusable(`${file} cannot be read: ${error.code}`)
      throw error
    })
    if ('ok' in report) return report
    const { refused, refused_count: count, warnings } = report
    const fault =
      count > 0 && !input['skip-bad'] ? `${rows(count)} not imported: correct and import them again.` : undefined
    const faces = photos
      ? [`Photographs: ${photos.report.photos} taken, ${photos.report.photos_unusable} without exactly one clear face.`]
      : []
    const rest = count - refused.length
    const warned = warnings.map(({ line, problem }) => ({ line, problem: `${problem} (imported)` }))
    const types = refused.some(({ problem }) => problem === 'document_type_unknown')
      ? [`Types of documents: ${documentTypes.join(', ')}.`]
      : []
    return {
      ok: true,
      document: { ...report, ...photos?.report },
      shown: {
        columns: ['LINE', 'PROBLEM'],
        rows: [...refused, ...warned].map(({ line, problem }) => [line, problem]),
      },
      notes: [...(rest > 0 ? [`and ${rest} more`] : []), ...countsOf(report), ...types, ...faces],
      ...(fault ? { fault } : {}),
    }
  },
})
